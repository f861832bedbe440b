using System.Text.Json;
using Shared.Tests.Support;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace Shared.Tests.Infer;

/// <summary>Logits against the reference implementation's.</summary>
public sealed class ParityTests
{
    [Fact]
    public void Score_ShouldGiveTheReferenceLogits_WhenTheModelIsTinyBert()
    {
        var golden = ReadTinyBert();
        using var bundle = TestBundle.TinyBert();

        AssertParity(bundle.Open(), golden, 1e-5f);
    }

    [Fact]
    public void Score_ShouldGiveTheReferenceLogits_WhenTheWeightsAreExternal()
    {
        var golden = ReadLogits();
        using var bundle = TestBundle.OfReference(GraphPrecision.Fp32, "model.onnx", "model.safetensors");

        AssertParity(bundle.Open(), golden, 1e-4f);
    }

    private static void AssertParity(ModelBundle bundle, List<(int[] Ids, float[] Logits)> golden, float tolerance)
    {
        using var scorer = OnnxScorer.Open(bundle, new InferOptions { Device = DeviceChoice.Cpu });
        var logits = scorer.Logits([.. golden.Select(line => (ReadOnlyMemory<int>)line.Ids)]);

        Assert.All(golden.Zip(logits), pair =>
            Assert.All(pair.First.Logits.Zip(pair.Second), logit => Assert.Equal(logit.First, logit.Second, tolerance)));
    }

    private static List<(int[] Ids, float[] Logits)> ReadTinyBert()
    {
        var golden = new List<(int[], float[])>();
        foreach (var line in File.ReadLines(Repository.TinyBert("forward.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.TryGetProperty("text", out _))
            {
                var logits = json.RootElement.GetProperty("logits");
                golden.Add((Ints(json.RootElement.GetProperty("ids")), [.. TestBundle.ThreeHeads.SelectMany(head => Floats(logits.GetProperty(head.Name)))]));
            }
        }

        Assert.Equal(58, golden.Count);
        return golden;
    }

    private static List<(int[] Ids, float[] Logits)> ReadLogits()
    {
        var golden = new List<(int[], float[])>();
        foreach (var line in File.ReadLines(Repository.Reference("golden", "logits.jsonl")))
        {
            using var json = JsonDocument.Parse(line);
            var logits = json.RootElement.GetProperty("logits");
            golden.Add((Ints(json.RootElement.GetProperty("ids")), [.. logits.EnumerateArray().SelectMany(Floats)]));
        }

        Assert.Equal(600, golden.Count);
        return golden;
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];

    private static IEnumerable<float> Floats(JsonElement array) => array.EnumerateArray().Select(value => value.GetSingle());
}
