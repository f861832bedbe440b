using System.Runtime.InteropServices;

namespace StreamScorer.Shared.Infer;

/// <summary>Asks for a GPU without loading the model runtime's CUDA provider, whose own answer is a page of loader errors.</summary>
internal static unsafe class CudaDriver
{
    // What the provider of ONNX Runtime 1.29 links against (CUDA 13).
    private static readonly string[] Libraries = ["libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcurand.so.10"];

    /// <summary>Why GPU number <paramref name="gpu"/> cannot be used, or null. A clause without a full stop.</summary>
    public static string? Fault(int gpu)
    {
        if (!NativeLibrary.TryLoad("libcuda.so.1", out var driver))
        {
            return "there is no NVIDIA driver (libcuda.so.1 does not load)";
        }

        // Driver API: CUresult cuInit(unsigned flags), CUresult cuDeviceGetCount(int*); 0 is success.
        var initialise = (delegate* unmanaged<uint, int>)NativeLibrary.GetExport(driver, "cuInit");
        var getCount = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(driver, "cuDeviceGetCount");
        var count = 0;
        var result = initialise(0);
        if (result == 0)
        {
            result = getCount(&count);
        }

        if (result != 0)
        {
            return $"the NVIDIA driver reports no usable GPU (error {result})";
        }

        if (gpu >= count)
        {
            return $"GPU {gpu} does not exist, the driver sees {count}";
        }

        var missing = Libraries.Where(name => !NativeLibrary.TryLoad(name, out _)).ToList();
        return missing.Count == 0 ? null : $"CUDA libraries are not on the loader path: {string.Join(", ", missing)}";
    }
}
