using System.Text.Json;
using ModelTool.Graph;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary>Reads what heads a model is to have, from a file or from the command line.</summary>
internal static class HeadSpecs
{
    private const string Kinds = "softmax, sigmoid, token, span or embedding";

    /// <summary>Heads in the order of the file: <c>{"NAME": {"kind": ..., "labels": [...]}}</c>, with "pair" where it reads two texts; an embedding has "pooling" and "normalise" instead.</summary>
    public static List<HeadSpec> Read(FileInfo file)
    {
        using var json = CheckpointFiles.Parse(file);
        return Check($"{file}", [.. json.RootElement.EnumerateObject().Select(head => Read(head.Name, head.Value, $"Head '{head.Name}' in {file}"))]);
    }

    /// <summary>Heads as <c>NAME=KIND:LABEL,LABEL</c>; an embedding as <c>NAME=embedding:mean,normalise</c>.</summary>
    public static List<HeadSpec> Parse(IReadOnlyList<string> texts) => Check("--head", [.. texts.Select(Parse)]);

    private static HeadSpec Parse(string text)
    {
        var name = text.Split('=', 2);
        var kind = name[^1].Split(':', 2);
        if (name.Length < 2 || !TryKind(kind[0], out var parsed))
        {
            throw new ToolException($"--head {text} must be NAME=KIND:LABEL,LABEL with the kind {Kinds}.");
        }

        var words = kind.Length < 2 ? [] : kind[1].Split(',', StringSplitOptions.TrimEntries);
        if (parsed != HeadKind.Embedding)
        {
            return new HeadSpec(name[0], parsed, words);
        }

        var pooling = words.Where(word => word != "normalise").ToList();
        return new HeadSpec(name[0], parsed, [])
        {
            Pooling = pooling.Count < 2 ? ReadPooling(pooling.SingleOrDefault() ?? "mean", $"--head {text}") : throw PoolingFault($"--head {text}"),
            Normalise = words.Contains("normalise"),
        };
    }

    private static HeadSpec Read(string name, JsonElement head, string where)
    {
        if (head.ValueKind != JsonValueKind.Object || !head.TryGetProperty("kind", out var kind) || !TryKind(kind.ToString(), out var parsed))
        {
            throw new ToolException($"{where} needs a kind: {Kinds}.");
        }

        string[] known = parsed == HeadKind.Embedding ? ["kind", "labels", "pooling", "normalise"] : ["kind", "labels", "pair"];
        if (head.EnumerateObject().FirstOrDefault(member => !known.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            throw new ToolException($"{where} has a member '{unknown.Name}', and can have {string.Join(", ", known)}.");
        }

        if (parsed == HeadKind.Embedding)
        {
            return new HeadSpec(name, parsed, [])
            {
                Pooling = head.TryGetProperty("pooling", out var pooling) ? ReadPooling(pooling.ToString(), where) : Pooling.Mean,
                Normalise = ReadFlag(head, "normalise", where),
            };
        }

        return head.TryGetProperty("labels", out var labels) && labels.ValueKind == JsonValueKind.Array
            ? new HeadSpec(name, parsed, [.. labels.EnumerateArray().Select(label => label.ValueKind == JsonValueKind.String
                ? label.GetString()!
                : throw new ToolException($"{where} has a label that is no text: {label.GetRawText()}."))])
            {
                Pair = ReadFlag(head, "pair", where),
            }
            : throw new ToolException($"{where} needs its labels as a list of names.");
    }

    /// <summary>What would stop a graph from being made at all; the rest is the manifest's matter.</summary>
    private static List<HeadSpec> Check(string where, List<HeadSpec> heads)
    {
        foreach (var head in heads)
        {
            var least = head.Kind switch { HeadKind.Embedding => 0, HeadKind.Softmax or HeadKind.Span => 2, _ => 1 };
            var fault = heads.Count(other => other.Name == head.Name) > 1 ? "is there twice"
                : head.Name.Length == 0 || head.Name.Contains('/', StringComparison.Ordinal) || PaddedLayout.InputNames.Contains(head.Name) || PackedLayout.InputNames.Contains(head.Name) ? "cannot have that name"
                : head.Labels.Count < least ? $"has {head.Labels.Count} labels and needs at least {least}"
                : head.Kind == HeadKind.Span && head.Labels.Count != 2 ? "is a span and needs two labels, for start and end"
                : null;
            if (fault is not null)
            {
                throw new ToolException($"{where}: head '{head.Name}' {fault}.");
            }
        }

        return heads;
    }

    private static bool TryKind(string text, out HeadKind kind) =>
        Enum.TryParse(text, ignoreCase: true, out kind) && !char.IsAsciiDigit(text[0]);

    private static bool ReadFlag(JsonElement head, string name, string where) => !head.TryGetProperty(name, out var flag) ? false : flag.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new ToolException($"{where}: '{name}' must be true or false."),
    };

    private static Pooling ReadPooling(string text, string where) =>
        Enum.TryParse<Pooling>(text, ignoreCase: true, out var pooling) && !char.IsAsciiDigit(text[0]) ? pooling : throw PoolingFault(where);

    private static ToolException PoolingFault(string where) => new($"{where}: an embedding's pooling is mean, cls or pooled.");
}
