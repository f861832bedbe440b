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
    /// <summary>Default Auto. Cuda refuses to start where Auto would fall back to the CPU.</summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Auto;

    /// <summary>Which GPU, counted from 0. Default 0. Without meaning on the CPU.</summary>
    public int Gpu { get; init; }

    /// <summary>Threads of one model call on the CPU. Default 0: all cores. Fewer leave cores to the other stages and cost throughput.</summary>
    public int Threads { get; init; }

    /// <summary>Whether idle model threads wait in a busy loop. Default false.</summary>
    public bool Spinning { get; init; }
}
