using Microsoft.ML.OnnxRuntime;

namespace StreamScorer.Shared.Infer;

/// <summary>ONNX Runtime's CUDA provider.</summary>
public static class CudaProvider
{
    /// <summary>Why GPU number <paramref name="gpu"/> cannot be used, or null. A clause without a full stop.</summary>
    public static string? Fault(int gpu) => CudaDriver.Fault(gpu);

    /// <summary>Puts CUDA before the CPU for a session.</summary>
    /// <param name="more">Settings of the provider beyond those that hold for all of ours.</param>
    /// <exception cref="OnnxRuntimeException">The provider does not load.</exception>
    public static void AddTo(SessionOptions session, int gpu, params (string Name, string Value)[] more)
    {
        _ = OrtEnv.Instance(); // the provider logs while it loads, and dies without the environment's logger
        using var provider = new OrtCUDAProviderOptions();
        var settings = new Dictionary<string, string>
        {
            ["device_id"] = $"{gpu}",
            ["arena_extend_strategy"] = "kSameAsRequested", // powers of two hold on to up to twice what is needed
        };
        foreach (var (name, value) in more)
        {
            settings.Add(name, value);
        }

        provider.UpdateOptions(settings);
        session.AppendExecutionProvider_CUDA(provider);
    }
}
