using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ModelTool.Graph;
using StreamScorer.Shared.Infer;

namespace ModelTool.Train;

/// <summary>Where training graphs run, and the memory there.</summary>
internal sealed class TrainDevice : IDisposable
{
    private const int Gpu = 0; // CUDA_VISIBLE_DEVICES chooses among several

    private readonly InferenceSession _copy;
    private readonly RunOptions _run = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    private readonly OrtAllocator? _allocator;

    private TrainDevice(bool cuda)
    {
        IsCuda = cuda;
        using var settings = Settings(threads: 1);
        _copy = new InferenceSession(CopyGraph(), settings);
        if (cuda)
        {
            using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.ArenaAllocator, Gpu, OrtMemType.Default);
            _allocator = new OrtAllocator(_copy, memory);
        }
    }

    public bool IsCuda { get; }

    public static TrainDevice Cpu() => new(cuda: false);

    /// <exception cref="ToolException">There is no GPU, or something it needs is missing.</exception>
    public static TrainDevice Cuda()
    {
        var fault = CudaProvider.Fault(Gpu);
        try
        {
            return fault is null ? new TrainDevice(cuda: true) : throw NotThere(fault, null);
        }
        catch (OnnxRuntimeException e)
        {
            throw NotThere($"the CUDA provider does not load ({e.Message.ReplaceLineEndings(" ").TrimEnd('.', ' ')})", e);
        }
    }

    /// <param name="threads">0 takes all cores; without meaning on a GPU.</param>
    public SessionOptions Settings(int threads)
    {
        var options = new SessionOptions
        {
            EnableMemoryPattern = false, // plans memory for one shape, and here every batch has another
            IntraOpNumThreads = IsCuda ? 1 : threads,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // every error comes back as an exception as well
        };
        options.AddSessionConfigEntry("session.set_denormal_as_zero", "1"); // gradients have many, and each costs a hundred cycles
        options.AddSessionConfigEntry("session.force_spinning_stop", "1"); // or idle threads keep the cores from masks, update and other sessions
        if (IsCuda)
        {
            options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1"); // a node on the CPU would cost copies at every step: rather no training than a slow one
            CudaProvider.AddTo(options, Gpu, ("use_tf32", "0")); // products with a mantissa of 10 bits would be another training than the CPU's
        }

        return options;
    }

    /// <summary>Memory on the device, as it was left by others.</summary>
    /// <exception cref="ToolException">There is not so much.</exception>
    public OrtValue Allocate(long[] shape)
    {
        try
        {
            return OrtValue.CreateAllocatedTensorValue(_allocator ?? OrtAllocator.DefaultInstance, TensorElementType.Float, shape);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ToolException(
                $"The device has no room for weights of shape [{string.Join(", ", shape)}], which it holds twice with their moments: {e.Message.ReplaceLineEndings(" ")}. Free memory there, freeze more, or train with --set device=cpu.", e);
        }
    }

    /// <summary>Copies a tensor to the device, from it, or on it.</summary>
    /// <exception cref="ToolException">The device gave up.</exception>
    public void Copy(OrtValue from, OrtValue to)
    {
        try
        {
            _copy.Run(_run, ["from"], [from], ["to"], [to]);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ToolException($"Weights could not be copied to or from the device: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    public void Dispose()
    {
        _allocator?.Dispose();
        _copy.Dispose();
        _run.Dispose();
    }

    private static ToolException NotThere(string fault, Exception? inner) => new(
        $"'device' is cuda, but {fault}. CUDA needs an NVIDIA driver and the CUDA 13 libraries cudart, cublas, curand and cudnn on the loader path; without them train with --set device=cpu.", inner!);

    /// <summary>ONNX Runtime's C# binding copies between memories only at the edges of a graph: this one does nothing else.</summary>
    private static byte[] CopyGraph()
    {
        var graph = new GraphBuilder("copy");
        graph.Output(graph.Add("Identity", [graph.Input("from", ElementType.Float)], ["to"])[0], ElementType.Float);
        var model = graph.Build();
        model.Graph.Input[0].Type.TensorType.Shape = null; // any
        model.Graph.Output[0].Type.TensorType.Shape = null;
        return model.ToByteArray();
    }
}
