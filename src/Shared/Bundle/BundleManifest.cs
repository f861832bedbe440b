using System.Security.Cryptography;
using System.Text.Json.Serialization;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;

namespace StreamScorer.Shared.Bundle;

/// <summary>
/// What <c>manifest.json</c> says: all that decides a score, and where the model comes from.
/// Published as <c>docs/schemas/manifest.schema.json</c>. Unknown members are refused.
/// </summary>
public sealed record BundleManifest
{
    /// <summary>The format this program writes and reads.</summary>
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    public required string Name { get; init; }

    public required string Version { get; init; }

    public required EncoderManifest Encoder { get; init; }

    public required TokenizerSettings Tokenizer { get; init; }

    /// <summary>Token ids of a row at most, [CLS] and [SEP] counted; a longer text loses its tail, or is read in segments.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>How texts longer than that are read whole; null: they are not.</summary>
    public SegmentSettings? Segments { get; init; }

    /// <summary>In the order of the logits.</summary>
    public required IReadOnlyList<HeadManifest> Heads { get; init; }

    /// <summary>File name of the WordPiece vocabulary, one entry a line.</summary>
    public required string Vocabulary { get; init; }

    /// <summary>Graphs by the device they are made for: <c>cpu</c>, <c>cuda</c>.</summary>
    public required IReadOnlyDictionary<string, VariantManifest> Variants { get; init; }

    /// <summary>Every file that decides a score, with its digest. Names are relative to the folder, with forward slashes.</summary>
    public required IReadOnlyList<FileManifest> Files { get; init; }

    public TrainingManifest? Training { get; init; }

    public MetricsManifest? Metrics { get; init; }
}

/// <summary>Sizes of the encoder, named as a checkpoint's config does in meaning.</summary>
/// <param name="Vocabulary">Rows of the word embedding.</param>
/// <param name="Positions">Longest sequence that the position embedding allows.</param>
public sealed record EncoderManifest(int Layers, int Hidden, int AttentionHeads, int Intermediate, int Vocabulary, int Positions);

/// <param name="Labels">In training order; index 0 of a two-label softmax is false or negative.</param>
/// <param name="Pair">Whether it was trained on two texts at once, [CLS] a [SEP] b [SEP]; of a single text it then says nothing.</param>
public sealed record HeadManifest(
    string Name, HeadKind Kind, IReadOnlyList<string> Labels, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Pair = false);

/// <summary>What a head's logits mean.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<HeadKind>))]
public enum HeadKind
{
    /// <summary>One label of several.</summary>
    Softmax,

    /// <summary>Each label yes or no.</summary>
    Sigmoid,

    /// <summary>One label a token.</summary>
    Token,

    /// <summary>Start and end in the text.</summary>
    Span,

    /// <summary>A vector.</summary>
    Embedding,
}

/// <param name="Graph">File name of the ONNX graph.</param>
/// <param name="Data">Files the graph reads its weights from, if they are not inside it.</param>
/// <param name="WeightZeroPoints">
/// Whether every product has int8 weights and a zero point of its own. Where int8 weights saturate (x86 without VNNI) they are then made uint8 when the graph
/// is opened. ONNX Runtime 1.29 ends the process when it is to do that and there is no zero point, and does not open the graph when two products share one.
/// </param>
public sealed record VariantManifest(
    string Graph,
    GraphLayout Layout,
    GraphPrecision Precision,
    IReadOnlyList<string>? Data = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool WeightZeroPoints = false);

/// <summary>How token ids are laid out in the graph's inputs.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<GraphLayout>))]
public enum GraphLayout
{
    /// <summary>[rows, longest row] with an attention mask: an ordinary export.</summary>
    Padded,

    /// <summary>[tokens] without padding, and where each row begins: <c>ids</c>, <c>positions</c>, <c>segments</c>, <c>bounds</c>.</summary>
    Packed,
}

/// <summary>Arithmetic of the matrix products. int8 is for CPUs only.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<GraphPrecision>))]
public enum GraphPrecision
{
    Fp32,
    Fp16,
#pragma warning disable CA1720 // The name of the arithmetic, as everybody calls it; no .NET type is meant.
    Int8,
#pragma warning restore CA1720
}

/// <param name="Bytes">Length in bytes.</param>
/// <param name="Sha256">64 hexadecimal digits, lower case.</param>
public sealed record FileManifest(string Name, long Bytes, string Sha256)
{
    /// <summary>Length and digest of a file in a bundle's folder, as a manifest holds them. Does not hold the file in memory.</summary>
    public static FileManifest Describe(string folder, string name)
    {
        using var stream = File.OpenRead(Path.Combine(folder, name));
        return new FileManifest(name, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }
}
