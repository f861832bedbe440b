using System.Text.Json;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Encode;

namespace ModelTool.Import;

/// <summary>Reads the small files that come with a BERT checkpoint.</summary>
internal static class CheckpointFiles
{
    public static EncoderManifest ReadEncoder(FileInfo file)
    {
        using var json = Parse(file);
        int Size(string name) => json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var size)
            ? size
            : throw new ToolException($"{file} has no whole number '{name}': give the config.json of a BERT checkpoint.");
        return new EncoderManifest(
            Size("num_hidden_layers"),
            Size("hidden_size"),
            Size("num_attention_heads"),
            Size("intermediate_size"),
            Size("vocab_size"),
            Size("max_position_embeddings"));
    }

    /// <summary>The reference tokenizer's own defaults where the file, or a member of it, is missing.</summary>
    public static TokenizerSettings ReadTokenizer(FileInfo? file)
    {
        if (file is null)
        {
            return new TokenizerSettings();
        }

        using var json = Parse(file);
        bool? Flag(string name) => !json.RootElement.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null
            ? null
            : value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? value.GetBoolean()
                : throw new ToolException($"'{name}' in {file} must be true, false or null.");
        return new TokenizerSettings
        {
            LowerCase = Flag("do_lower_case") ?? true,
            StripAccents = Flag("strip_accents"),
            SplitCjk = Flag("tokenize_chinese_chars") ?? true,
        };
    }

    /// <summary>The tokenizer of a checkpoint's vocabulary.</summary>
    /// <param name="embedded">Rows of the word embedding; null where it is yet to be made.</param>
    /// <exception cref="ToolException">It is no WordPiece vocabulary, or another model's.</exception>
    public static BertTokenizer LoadTokenizer(FileInfo vocabulary, TokenizerSettings settings, int? embedded = null)
    {
        try
        {
            var tokenizer = BertTokenizer.Load(vocabulary.FullName, settings);
            return tokenizer.VocabularySize == (embedded ?? tokenizer.VocabularySize)
                ? tokenizer
                : throw new ToolException($"{vocabulary.FullName} has {tokenizer.VocabularySize} entries and the encoder {embedded} (vocab_size): give the vocabulary it was trained with.");
        }
        catch (InvalidDataException e)
        {
            throw new ToolException($"{e.Message}: give the vocabulary that the encoder was trained with.", e);
        }
    }

    /// <summary>A file that holds one JSON object.</summary>
    public static JsonDocument Parse(FileInfo file)
    {
        if (!file.Exists)
        {
            throw new ToolException($"There is no {file}: get it from where the checkpoint is from.");
        }

        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
        }
        catch (JsonException e)
        {
            throw new ToolException($"{file} is not valid JSON (line {e.LineNumber + 1}).", e);
        }

        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            json.Dispose();
            throw new ToolException($"{file} must hold one JSON object.");
        }

        return json;
    }
}
