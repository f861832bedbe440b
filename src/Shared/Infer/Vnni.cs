using System.Runtime.Intrinsics.X86;
using Microsoft.ML.OnnxRuntime;

namespace StreamScorer.Shared.Infer;

/// <summary>
/// Whether ONNX Runtime's products of uint8 with int8 saturate on this processor. On x86 without VNNI its kernels add two neighbouring products in 16 bits
/// (VPMADDUBSW), and up to 2 * 255 * 127 does not fit; VNNI adds four in 32 bits. Which kernel it takes: its <c>platform.cpp</c>, from AVX2 on.
/// </summary>
public static class Vnni
{
    public static bool Missing { get; } = Avx2.IsSupported && Fma.IsSupported && !Present();

    /// <summary>
    /// int8 weights become uint8 when the graph is opened: the same numbers as on a processor with VNNI, and slower. Only for graphs with
    /// <see cref="Bundle.VariantManifest.WeightZeroPoints"/>, and only where they saturate: it would be done on processors with VNNI as well.
    /// </summary>
    public static void MakeWeightsUnsigned(SessionOptions session) => session.AddSessionConfigEntry("session.x64quantprecision", "1");

    // CPUID leaf 7: AVX512_VNNI is bit 11 of ECX, AVX-VNNI bit 4 of EAX in subleaf 1. Where there is AVX-512, ONNX Runtime does not look at the latter.
    private static bool Present() => Avx512BW.IsSupported
        ? (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0
        : X86Base.CpuId(7, 0).Eax >= 1 && (X86Base.CpuId(7, 1).Eax & (1 << 4)) != 0;
}
