using System.Text.Json;
using ModelTool.Graph;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Import;

/// <summary>Writes a checkpoint as <see cref="Checkpoint"/> and Hugging Face's libraries read it.</summary>
internal static class CheckpointWriter
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    /// <param name="folder">Must be there; files in it are replaced.</param>
    /// <param name="tokenizer">Null: none is written, which stands for lower case, accents stripped.</param>
    public static void Write(
        string folder, BertConfig config, IReadOnlyList<HeadSpec> heads, FileInfo vocabulary, FileInfo? tokenizer, IReadOnlyList<NamedTensor> tensors)
    {
        WriteJson(Path.Combine(folder, "config.json"), json => WriteConfig(json, config));
        WriteJson(Path.Combine(folder, "heads.json"), json => WriteHeads(json, heads));
        BundleBuilder.Copy(vocabulary, folder, "vocab.txt");
        BundleBuilder.Copy(tokenizer, folder, "tokenizer_config.json");
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
    }

    private static void WriteConfig(Utf8JsonWriter json, BertConfig config)
    {
        json.WriteStartArray("architectures");
        json.WriteStringValue("BertModel");
        json.WriteEndArray();
        json.WriteString("model_type", "bert");
        json.WriteNumber("vocab_size", config.Encoder.Vocabulary);
        json.WriteNumber("hidden_size", config.Encoder.Hidden);
        json.WriteNumber("num_hidden_layers", config.Encoder.Layers);
        json.WriteNumber("num_attention_heads", config.Encoder.AttentionHeads);
        json.WriteNumber("intermediate_size", config.Encoder.Intermediate);
        json.WriteNumber("max_position_embeddings", config.Encoder.Positions);
        json.WriteNumber("type_vocab_size", config.Segments);
        json.WriteString("hidden_act", "gelu");
        json.WriteNumber("layer_norm_eps", config.Epsilon);
        json.WriteNumber("pad_token_id", 0);
    }

    private static void WriteHeads(Utf8JsonWriter json, IReadOnlyList<HeadSpec> heads)
    {
        foreach (var head in heads)
        {
            json.WriteStartObject(head.Name);
            json.WriteString("kind", head.Kind.ToString().ToLowerInvariant());
            if (head.Kind == HeadKind.Embedding)
            {
                json.WriteString("pooling", head.Pooling.ToString().ToLowerInvariant());
                json.WriteBoolean("normalise", head.Normalise);
            }
            else
            {
                json.WriteStartArray("labels");
                foreach (var label in head.Labels)
                {
                    json.WriteStringValue(label);
                }

                json.WriteEndArray();
                if (head.Pair)
                {
                    json.WriteBoolean("pair", true);
                }
            }

            json.WriteEndObject();
        }
    }

    private static void WriteJson(string path, Action<Utf8JsonWriter> write)
    {
        using var stream = File.Create(path);
        using (var json = new Utf8JsonWriter(stream, Indented))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }
}
