using System.Runtime.InteropServices;
using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace Shared.Tests.Infer;

public sealed class DeviceTests
{
    private const string NoVariant = "the bundle has no CUDA variant (its cpu variant is int8, which serves on the CPU only)";

    [Fact]
    public void Open_ShouldTakeTheCpuAndSayWhy_WhenAutoFindsNoCudaVariant()
    {
        using var bundle = TestBundle.TinyBert(Int8Alone);
        var model = ModelSession.Open(bundle.Open(), new InferOptions { Threads = 2 }, saturates: false);
        using var session = model.Session;

        Assert.Equal("cpu", model.Device);
        Assert.Equal($"Runs model.onnx on the CPU with 2 threads, because {NoVariant}.", model.Reason);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenCudaIsAskedForAndThereIsNoVariant()
    {
        using var bundle = TestBundle.TinyBert(Int8Alone);

        var message = Assert.Throws<InferenceException>(() => OnnxScorer.Open(bundle.Open(), new InferOptions { Device = DeviceChoice.Cuda })).Message;

        Assert.Equal($"Device is Cuda, but {NoVariant}. Cure that, or set Device to Auto or Cpu.", message);
    }

    [Fact]
    public void Open_ShouldFallBackAndSayWhy_WhenThereIsNoDriver()
    {
        Assert.SkipWhen(NativeLibrary.TryLoad("libcuda.so.1", out _), "This machine has an NVIDIA driver.");
        using var bundle = TestBundle.TinyBert();
        using var scorer = OnnxScorer.Open(bundle.Open(), new InferOptions { Threads = 1 });

        Assert.Equal("cpu", scorer.Device);
        Assert.Equal("Runs model.onnx on the CPU with 1 thread, because there is no NVIDIA driver (libcuda.so.1 does not load).", scorer.DeviceReason);
    }

    [Fact]
    public void Open_ShouldServeAnOrdinaryExportOnCuda_WhenThereIsAGpu()
    {
        using var bundle = TestBundle.TinyBert();
        using var scorer = OnnxScorer.Open(bundle.Open(), new InferOptions());
        Assert.SkipUnless(scorer.Device == "cuda:0", scorer.DeviceReason);
        using var cpu = OnnxScorer.Open(bundle.Open(), new InferOptions { Device = DeviceChoice.Cpu });
        ReadOnlyMemory<int>[] posts = [new[] { 101, 2023, 2003, 102 }, new[] { 101, 102 }];

        Assert.All(scorer.Logits(posts).Zip(cpu.Logits(posts)), pair =>
            Assert.All(pair.First.Zip(pair.Second), logit => Assert.Equal(logit.First, logit.Second, 1e-3f)));
    }

    [Fact]
    public void Open_ShouldTakeTheCpuVariant_WhenThereIsNoDriverForTheOther()
    {
        Assert.SkipWhen(NativeLibrary.TryLoad("libcuda.so.1", out _), "This machine has an NVIDIA driver.");
        using var bundle = TestBundle.TinyBert(WithCuda);
        using var scorer = OnnxScorer.Open(bundle.Open(), new InferOptions { Threads = 1 });

        Assert.Equal("Runs model.onnx on the CPU with 1 thread, because there is no NVIDIA driver (libcuda.so.1 does not load).", scorer.DeviceReason);
    }

    [Fact]
    public void CudaVariant_ShouldBeTheOneMadeForIt_ElseAFloatingPointOne()
    {
        using var bundle = TestBundle.TinyBert();
        var manifest = bundle.Open().Manifest;

        Assert.Equal(("vocab.txt", GraphPrecision.Fp16), ModelSession.CudaVariant(WithCuda(manifest)) is { } own ? (own.Graph, own.Precision) : default);
        Assert.Equal("model.onnx", ModelSession.CudaVariant(manifest)?.Graph);
        Assert.Null(ModelSession.CudaVariant(Int8Alone(manifest)));
    }

    [Fact]
    public void Open_ShouldSaySo_WhenTheCpuIsAskedFor()
    {
        using var bundle = TestBundle.TinyBert();
        using var scorer = OnnxScorer.Open(bundle.Open(), new InferOptions { Device = DeviceChoice.Cpu, Threads = 1 });

        Assert.Equal("Runs model.onnx on the CPU with 1 thread, because Device is Cpu.", scorer.DeviceReason);
    }

    [Fact]
    public void Open_ShouldRefuseTheCpu_WhenTheOnlyVariantIsFp16ForCuda()
    {
        using var bundle = TestBundle.TinyBert(manifest => manifest with
        {
            Variants = new Dictionary<string, VariantManifest> { ["cuda"] = new("model.onnx", GraphLayout.Padded, GraphPrecision.Fp16) },
        });

        var message = Assert.Throws<InferenceException>(() => OnnxScorer.Open(bundle.Open(), new InferOptions { Device = DeviceChoice.Cpu })).Message;

        Assert.Equal($"The bundle {bundle.Folder} has no cpu variant, and the CPU is to be used because Device is Cpu.", message);
    }

    private static BundleManifest Int8Alone(BundleManifest manifest) => manifest with
    {
        Variants = new Dictionary<string, VariantManifest> { ["cpu"] = manifest.Variants["cpu"] with { Precision = GraphPrecision.Int8 } },
    };

    /// <summary>A second graph for CUDA, which no machine without a GPU opens.</summary>
    private static BundleManifest WithCuda(BundleManifest manifest) => manifest with
    {
        Variants = new Dictionary<string, VariantManifest>(manifest.Variants) { ["cuda"] = new("vocab.txt", GraphLayout.Packed, GraphPrecision.Fp16) },
    };
}
