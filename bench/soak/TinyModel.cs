namespace Soak;

/// <summary>A model bundle of one small layer with random weights: scores that mean nothing, are always the same, and cost next to nothing.</summary>
internal static class TinyModel
{
    private const string Policy = """{"version":"soak","heads":{"hate":{"hate":{"review":0.45,"flag":0.5}},"fake":{"fake":{"review":0.5,"flag":0.52}}}}""";

    public static async Task<string> MakeAsync(string folder)
    {
        var bundle = Path.Combine(folder, "tiny-model");
        var policy = Path.Combine(folder, "policy.json");
        await File.WriteAllTextAsync(policy, Policy);
        await Run.ToEndAsync("dotnet", [
            Run.Program("ModelTool", "modeltool"), "init", "--shape", "1x32x2x64", "--out", bundle, "--vocab", Path.Combine(Run.Root, "models", "minilm-moderation", "vocab.txt"),
            "--head", "fake=softmax:not_fake,fake", "--head", "hate=softmax:not_hate,hate", "--policy", policy, "--max-tokens", "256",
        ]);
        return bundle;
    }
}
