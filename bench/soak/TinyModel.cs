using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Soak;

/// <summary>A model bundle of one small layer with random weights: scores that mean nothing, are always the same, and cost next to nothing.</summary>
internal static class TinyModel
{
    private const string Policy = """{"version":"soak","heads":{"hate":{"hate":{"review":0.45,"flag":0.5}},"fake":{"fake":{"review":0.5,"flag":0.52}}}}""";

    /// <param name="poisoned">The embedding of <see cref="SoakRecord.Poison"/> is so large that what is computed from it is no number: no call with such a post succeeds.</param>
    public static async Task<string> MakeAsync(string folder, bool poisoned)
    {
        var (bundle, checkpoint, policy, vocabulary) = (Path.Combine(folder, "tiny-model"), Path.Combine(folder, "tiny-checkpoint"), Path.Combine(folder, "policy.json"), Path.Combine(folder, "vocab.txt"));
        await File.WriteAllTextAsync(policy, Policy);
        var pieces = await File.ReadAllLinesAsync(Path.Combine(Run.Root, "models", "minilm-moderation", "vocab.txt"));
        await File.WriteAllLinesAsync(vocabulary, [.. pieces, SoakRecord.Poison, "qqlast"]); // a model is tried with its last piece before it serves
        await Run.ToEndAsync("dotnet", [
            Run.Program("ModelTool", "modeltool"), "init", "--shape", "1x32x2x64", "--out", bundle, "--checkpoint", checkpoint, "--vocab", vocabulary,
            "--head", "fake=softmax:not_fake,fake", "--head", "hate=softmax:not_hate,hate", "--policy", policy, "--max-tokens", "256",
        ]);
        if (poisoned)
        {
            PoisonRow(Path.Combine(checkpoint, "model.safetensors"), pieces.Length);
            await Run.ToEndAsync("dotnet", [Run.Program("ModelTool", "modeltool"), "import", checkpoint, "--out", bundle, "--policy", policy, "--max-tokens", "256"]);
        }

        return bundle;
    }

    /// <summary>safetensors: the length of a header, the header (JSON: where each tensor lies), the tensors.</summary>
    private static void PoisonRow(string file, int row)
    {
        var bytes = File.ReadAllBytes(file);
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var json = JsonDocument.Parse(bytes.AsMemory(8, header));
        var words = json.RootElement.EnumerateObject().Single(tensor => tensor.Name.EndsWith("word_embeddings.weight", StringComparison.Ordinal)).Value;
        var width = words.GetProperty("shape")[1].GetInt32();
        var begin = 8 + header + words.GetProperty("data_offsets")[0].GetInt32();
        MemoryMarshal.Cast<byte, float>(bytes.AsSpan(begin + (row * width * sizeof(float)), width * sizeof(float))).Fill(float.MaxValue);
        File.WriteAllBytes(file, bytes);
    }
}
