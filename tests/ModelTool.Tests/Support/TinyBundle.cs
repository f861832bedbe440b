using System.Text;
using System.Text.Json.Nodes;

namespace ModelTool.Tests.Support;

/// <summary>The fixture model as a bundle, and its texts with the logits that the reference implementation gives them.</summary>
internal static class TinyBundle
{
    private const string Heads = """
        {"fake": {"kind": "softmax", "labels": ["not_fake", "fake"]},
         "hate": {"kind": "softmax", "labels": ["not_hate", "hate"]},
         "sentiment": {"kind": "softmax", "labels": ["negative", "positive"]}}
        """;

    /// <summary>Makes it in the folder, and returns where.</summary>
    public static string Make(TestFolder folder, string policy)
    {
        var bundle = folder.PathOf("bundle");
        var (code, _, error) = Tool.Run(
            "bundle", bundle, "--name", "tiny", "--model-version", "7", "--max-tokens", "64", "--cpu-precision", "fp32",
            "--cpu", Repository.TinyBert("model.padded.onnx"), "--vocab", Repository.TinyBert("vocab.txt"), "--config", Repository.TinyBert("config.json"),
            "--heads", folder.Write("heads.json", Heads), "--policy", folder.Write("first-policy.json", policy));
        Assert.Equal((0, ""), (code, error));
        return bundle;
    }

    /// <summary>Texts of the fixture and the difference of the two logits of a head, second less first.</summary>
    public static IReadOnlyList<(string Text, double Logit)> Texts(string head) =>
    [
        .. File.ReadLines(Repository.TinyBert("forward.jsonl"))
            .Select(line => JsonNode.Parse(line)!)
            .Where(line => !string.IsNullOrWhiteSpace((string?)line["text"])) // pairs, and the one that the worker would reject
            .Select(line => ((string)line["text"]!, (double)line["logits"]![head]![1]! - (double)line["logits"]![head]![0]!)),
    ];

    /// <summary>A labelled file of these texts with the ids p0, p1, ...</summary>
    public static string Labelled(TestFolder folder, string head, IEnumerable<(string Text, bool Truth)> posts)
    {
        var csv = new StringBuilder($"id,text,source,{head}\n");
        foreach (var (i, (text, truth)) in posts.Index())
        {
            csv.Append($"p{i},\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{(i % 2 == 0 ? "even" : "odd")},{(truth ? 1 : 0)}\n");
        }

        return folder.Write("labelled.csv", csv.ToString());
    }
}
