using System.Text.Json;
using ModelTool.Graph;

namespace ModelTool.Import;

/// <summary>Reads a checkpoint's config.json and refuses what the emitted graph would compute otherwise.</summary>
internal static class CheckpointConfig
{
    // Far above any BERT, and low enough that no product of two sizes overflows.
    private const int LargestSize = 1 << 24;

    public static BertConfig Read(FileInfo file)
    {
        var encoder = CheckpointFiles.ReadEncoder(file);
        using var json = CheckpointFiles.Parse(file);
        var faults = new List<string>();
        CheckArchitecture(json.RootElement, faults);
        var segments = (int)(Number(json.RootElement, "type_vocab_size", faults) ?? 2);
        var epsilon = (float)(Number(json.RootElement, "layer_norm_eps", faults) ?? 1e-12);
        int[] sizes = [encoder.Layers, encoder.Hidden, encoder.AttentionHeads, encoder.Intermediate, encoder.Vocabulary, encoder.Positions, segments];
        if (sizes.Any(size => size is < 1 or > LargestSize))
        {
            faults.Add($"its sizes must lie between 1 and {LargestSize}");
        }
        else if (encoder.Hidden % encoder.AttentionHeads != 0)
        {
            faults.Add($"hidden_size {encoder.Hidden} is no multiple of num_attention_heads {encoder.AttentionHeads}");
        }

        if (!(epsilon > 0 && epsilon < 1))
        {
            faults.Add("layer_norm_eps must lie between 0 and 1");
        }

        return faults.Count == 0
            ? new BertConfig(encoder, segments, epsilon)
            : throw new ToolException($"{file} describes no BERT that can be imported: {string.Join("; ", faults)}.");
    }

    private static void CheckArchitecture(JsonElement config, List<string> faults)
    {
        var type = Text(config, "model_type") ?? (IsNamedBert(config) ? "bert" : null);
        if (type != "bert")
        {
            faults.Add(type is null ? "it has no model_type" : $"model_type is '{type}' and must be 'bert'");
        }

        Demand("hidden_act", "gelu");
        Demand("position_embedding_type", "absolute");
        foreach (var name in (string[])["is_decoder", "add_cross_attention"])
        {
            if (config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True)
            {
                faults.Add($"{name} is true, and only encoders are known");
            }
        }

        void Demand(string name, string only)
        {
            if (config.TryGetProperty(name, out var value) && value.ToString() != only)
            {
                faults.Add($"{name} is '{value}' and must be '{only}'");
            }
        }
    }

    /// <summary>Old configurations have no model_type.</summary>
    private static bool IsNamedBert(JsonElement config) =>
        config.TryGetProperty("architectures", out var names)
        && names.ValueKind == JsonValueKind.Array
        && names.EnumerateArray().Any(name => name.ToString().StartsWith("Bert", StringComparison.Ordinal));

    private static string? Text(JsonElement config, string name) =>
        config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement config, string name, List<string> faults)
    {
        if (!config.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number))
        {
            return number;
        }

        faults.Add($"{name} must be a number");
        return null;
    }
}
