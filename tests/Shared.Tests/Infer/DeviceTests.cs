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
        using var scorer = OnnxScorer.Open(ModelBundle.Open(Repository.DefaultBundle), new InferOptions { Threads = 2 });

        Assert.Equal("cpu", scorer.Device);
        Assert.Equal($"Runs model.int8.onnx on the CPU with 2 threads, because {NoVariant}.", scorer.DeviceReason);
    }

    [Fact]
    public void Open_ShouldRefuse_WhenCudaIsAskedForAndThereIsNoVariant()
    {
        var bundle = ModelBundle.Open(Repository.DefaultBundle);

        var message = Assert.Throws<InferenceException>(() => OnnxScorer.Open(bundle, new InferOptions { Device = DeviceChoice.Cuda })).Message;

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
}
