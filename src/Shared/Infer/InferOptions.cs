using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Shared.Infer;

public enum DeviceChoice
{
    /// <summary>CUDA when it can be had, else the CPU.</summary>
    Auto,
    Cpu,
    Cuda,
}

/// <summary>Where and how the model runs.</summary>
public sealed record InferOptions
{
    /// <summary>Auto takes CUDA when it can be had, else the CPU, and says why. Cuda refuses to start where Auto would fall back. (default: Auto)</summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Auto;

    /// <summary>Which GPU, counted from 0; without meaning on the CPU. (default: 0)</summary>
    [Range(0, 63)]
    public int Gpu { get; init; }

    /// <summary>Threads of one model call on the CPU; 0 takes all cores. Fewer leave cores to the other stages and cost throughput. (default: 0)</summary>
    [Range(0, 1_024)]
    public int Threads { get; init; }

    /// <summary>Whether idle model threads wait in a busy loop. Takes cores from the other stages and from other programs. (default: false)</summary>
    public bool Spinning { get; init; }

    /// <summary>
    /// How often a model call that failed for no known reason is tried again, after 50 ms, 100 ms and so on. More outlast a longer disturbance and hold
    /// the stream up longer where the failure does not go away. (default: 5)
    /// </summary>
    [Range(0, 16)]
    public int Retries { get; init; } = 5;

    /// <summary>
    /// Longest time that one model call may take. Over it the device or the model hangs, and the worker ends with an error: a call cannot be taken back.
    /// Must be many times what the slowest call takes. (default: 00:02:00)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromMinutes(2);
}
