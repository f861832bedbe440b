using System.Text.Json;

namespace ModelTool.Tests.Support;

/// <summary>One line of a reference file: token ids, and values by head, flat.</summary>
internal sealed record GoldenRow(long[] Ids, long[] Segments, IReadOnlyDictionary<string, float[]> Values)
{
    /// <summary>The fixture model's outputs; besides its heads it has <c>pooled</c>, <c>cls</c> and <c>mean_normalised</c>.</summary>
    public static List<GoldenRow> TinyBert(string file) => Read(Repository.TinyBert(file), (json, values) =>
    {
        foreach (var head in json.GetProperty("logits").EnumerateObject())
        {
            values[head.Name] = Flat(head.Value);
        }

        foreach (var name in (string[])["pooled", "cls", "mean_normalised"])
        {
            values[name] = Flat(json.GetProperty(name));
        }
    });

    /// <summary>The reference model's logits of 600 texts, strange ones among them.</summary>
    public static List<GoldenRow> Moderation()
    {
        string[] heads = ["fake", "hate", "sentiment"];
        return Read(Repository.Reference("golden", "logits.jsonl"), (json, values) =>
        {
            for (var i = 0; i < heads.Length; i++)
            {
                values[heads[i]] = Flat(json.GetProperty("logits")[i]);
            }
        });
    }

    public static List<GoldenRow> Read(string path, Action<JsonElement, Dictionary<string, float[]>> read)
    {
        var rows = new List<GoldenRow>();
        foreach (var line in File.ReadLines(path))
        {
            using var json = JsonDocument.Parse(line);
            var values = new Dictionary<string, float[]>(StringComparer.Ordinal);
            read(json.RootElement, values);
            long[] ids = [.. json.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt64())];
            var segments = json.RootElement.TryGetProperty("segments", out var given) ? given.EnumerateArray().Select(id => id.GetInt64()) : ids.Select(_ => 0L);
            rows.Add(new GoldenRow(ids, [.. segments], values));
        }

        return rows;
    }

    public static float[] Flat(JsonElement numbers) => numbers.ValueKind == JsonValueKind.Array
        ? [.. numbers.EnumerateArray().SelectMany(Flat)]
        : [numbers.GetSingle()];
}
