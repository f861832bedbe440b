using System.Runtime.Intrinsics.X86;
using System.Text;
using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace Shared.Tests.Infer;

/// <summary>What an int8 graph is on x86 processors without VNNI. Any processor with AVX2 can be told that it is one.</summary>
public sealed class VnniTests
{
    private static readonly InferOptions Cpu = new() { Device = DeviceChoice.Cpu, Threads = 1 };

    [Fact]
    public void Open_ShouldGiveTheSameScores_WhenWeightsBecomeUnsigned()
    {
        Assert.SkipWhen(Vnni.Missing, "Without VNNI int8 weights saturate, and there is nothing to compare with.");
        var bundle = ModelBundle.Open(Repository.DefaultBundle);
        var encoder = bundle.LoadEncoder();
        var posts = new List<ReadOnlyMemory<int>>();
        foreach (var text in File.ReadLines(Repository.PathOf("samples", "posts.csv")).Take(200).Select(Encoding.UTF8.GetBytes))
        {
            encoder.Encode(text, new int[encoder.Room(text.Length)]).AddTo(posts);
        }

        using var signed = OnnxScorer.Open(bundle, ModelSession.Open(bundle, Cpu, saturates: false));
        using var unsigned = OnnxScorer.Open(bundle, ModelSession.Open(bundle, Cpu, saturates: true));

        Assert.EndsWith(ModelSession.AsUnsigned + ".", unsigned.DeviceReason, StringComparison.Ordinal);
        Assert.Equal(signed.Logits(posts), unsigned.Logits(posts));
    }

    /// <summary>What ONNX Runtime's own quantizer writes.</summary>
    [Fact]
    public void Open_ShouldOpenAnOrdinaryInt8Export_WhenItsWeightsBecomeUnsigned()
    {
        using var bundle = TestBundle.OfReference(GraphPrecision.Int8, "model.int8-dynamic.onnx");
        var model = ModelSession.Open(bundle.Open(), Cpu, saturates: true);
        using var session = model.Session;

        Assert.EndsWith(ModelSession.AsUnsigned + ".", model.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ShouldSaySo_WhenSumsCanSaturate()
    {
        using var bundle = TestBundle.TinyBert(manifest => manifest with
        {
            Variants = new Dictionary<string, VariantManifest> { ["cpu"] = manifest.Variants["cpu"] with { Precision = GraphPrecision.Int8 } },
        });
        var model = ModelSession.Open(bundle.Open(), Cpu, saturates: true);
        using var session = model.Session;

        Assert.Equal($"Runs model.onnx on the CPU with 1 thread, because Device is Cpu{ModelSession.Saturating}.", model.Reason);
    }

    [Fact]
    public void Open_ShouldBeSilent_WhenTheGraphIsInFloatingPoint()
    {
        using var bundle = TestBundle.TinyBert();
        var model = ModelSession.Open(bundle.Open(), Cpu, saturates: true);
        using var session = model.Session;

        Assert.Equal("Runs model.onnx on the CPU with 1 thread, because Device is Cpu.", model.Reason);
    }

    [Fact]
    public void Missing_ShouldBeWhatTheKernelSays()
    {
        Assert.SkipUnless(File.Exists("/proc/cpuinfo"), "There is no /proc/cpuinfo.");
        var flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];

        Assert.SkipUnless(flags.Contains("avx512bw") == Avx512BW.IsSupported, "The processor is emulated, and /proc/cpuinfo is the host's.");

        Assert.Equal(flags.Contains("avx2") && !flags.Contains("avx512_vnni") && !flags.Contains("avx_vnni"), Vnni.Missing);
    }
}
