using Microsoft.ML.OnnxRuntime;
using StreamScorer.Shared.Bundle;

namespace StreamScorer.Shared.Infer;

/// <summary>An open graph, the device it is on, and one sentence on why that device.</summary>
public sealed record ModelSession(InferenceSession Session, VariantManifest Variant, string Device, string Reason)
{
    /// <exception cref="BundleException">The graph does not load.</exception>
    /// <exception cref="InferenceException">The device that was asked for cannot be had.</exception>
    public static ModelSession Open(ModelBundle bundle, InferOptions options) => Open(bundle, options, Vnni.Missing);

    /// <param name="saturates">Whether products of uint8 with int8 saturate here.</param>
    internal static ModelSession Open(ModelBundle bundle, InferOptions options, bool saturates)
    {
        RuntimeTelemetry.SwitchOff();
        if (options.Device == DeviceChoice.Cpu)
        {
            return OnCpu(bundle, options, "because Device is Cpu", saturates);
        }

        var cuda = CudaVariant(bundle.Manifest);
        var fault = cuda is null ? NoCudaVariant : CudaDriver.Fault(options.Gpu);
        if (fault is null)
        {
            try
            {
                return OnCuda(bundle, cuda!, options);
            }
            catch (OnnxRuntimeException e)
            {
                fault = $"the CUDA provider does not load ({RuntimeErrors.Brief(e.Message)})";
            }
        }

        return options.Device == DeviceChoice.Auto
            ? OnCpu(bundle, options, $"because {fault}", saturates)
            : throw new InferenceException($"Device is Cuda, but {fault}. Cure that, or set Device to Auto or Cpu.");
    }

    internal const string AsUnsigned = "; the processor has no VNNI, so its int8 weights become uint8, which is slower and exact";

    internal const string Saturating =
        "; the processor has no VNNI, so sums of int8 products can saturate, and scores can be others than on one that has it: quantize the model anew ('modeltool quantize'), or serve it in fp32";

    internal const string NoCudaVariant = "the bundle has no CUDA variant (its cpu variant is int8, which serves on the CPU only)";

    /// <summary>The variant made for CUDA, else an ordinary floating-point one.</summary>
    internal static VariantManifest? CudaVariant(BundleManifest manifest) =>
        manifest.Variants.GetValueOrDefault(ManifestRules.Cuda)
        ?? (manifest.Variants.GetValueOrDefault(ManifestRules.Cpu) is { Precision: not GraphPrecision.Int8 } cpu ? cpu : null);

    private static ModelSession OnCpu(ModelBundle bundle, InferOptions options, string because, bool saturates)
    {
        // A CUDA variant in fp16 would run on the CPU through conversions, many times slower than anyone expects: say no instead.
        var variant = bundle.Manifest.Variants.GetValueOrDefault(ManifestRules.Cpu)
            ?? (bundle.Manifest.Variants.GetValueOrDefault(ManifestRules.Cuda) is { Precision: GraphPrecision.Fp32 } cuda ? cuda : null)
            ?? throw new InferenceException($"The bundle {bundle.Folder} has no cpu variant, and the CPU is to be used {because}.");
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        using var session = Settings(options);
        session.IntraOpNumThreads = threads;
        var weights = "";
        if (saturates && variant.Precision == GraphPrecision.Int8)
        {
            weights = variant.WeightZeroPoints ? AsUnsigned : Saturating;
            if (variant.WeightZeroPoints)
            {
                Vnni.MakeWeightsUnsigned(session);
            }
        }

        return new ModelSession(
            Load(bundle, variant, session),
            variant,
            "cpu",
            $"Runs {variant.Graph} on the CPU with {threads} thread{(threads == 1 ? "" : "s")}, {because}{weights}.");
    }

    private static ModelSession OnCuda(ModelBundle bundle, VariantManifest variant, InferOptions options)
    {
        using var session = Settings(options);
        session.IntraOpNumThreads = 1; // the device does the work; more threads only take cores from the other stages
        // Sums of LayerNorm in fp32: squares of an fp16 graph's hidden values can pass 65,504.
        CudaProvider.AddTo(session, options.Gpu, ("enable_skip_layer_norm_strict_mode", "1"));
        return new ModelSession(
            Load(bundle, variant, session), variant, $"cuda:{options.Gpu}", $"Runs {variant.Graph} on CUDA device {options.Gpu}.");
    }

    private static SessionOptions Settings(InferOptions options)
    {
        var settings = new SessionOptions
        {
            EnableMemoryPattern = false, // plans memory for one shape, and here every batch has another
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // every error comes back as an exception as well
        };
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", options.Spinning ? "1" : "0");
        settings.AddSessionConfigEntry("session.set_denormal_as_zero", "1"); // denormals cost a hundred cycles each and change no score
        return settings;
    }

    private static InferenceSession Load(ModelBundle bundle, VariantManifest variant, SessionOptions settings)
    {
        try
        {
            return new InferenceSession(bundle.PathOf(variant.Graph), settings);
        }
        catch (OnnxRuntimeException e) when (!IsDeviceFault(e))
        {
            throw new BundleException(
                $"The graph {bundle.PathOf(variant.Graph)} does not load: {RuntimeErrors.Brief(e.Message)}. Export it anew for ONNX Runtime {OrtEnv.Instance().GetVersionString()}.", e);
        }
    }

    private static bool IsDeviceFault(OnnxRuntimeException e) =>
        e.Message.Contains("CUDA", StringComparison.Ordinal) || e.Message.Contains("CUBLAS", StringComparison.Ordinal);
}
