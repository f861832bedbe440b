using StreamScorer.Shared.Bundle;

namespace ModelTool.Graph;

/// <summary>What of a checkpoint's configuration decides the arithmetic.</summary>
/// <param name="Segments">Rows of the segment embedding; 2 for pairs of texts.</param>
/// <param name="Epsilon">Added to the variance in every layer normalisation.</param>
internal sealed record BertConfig(EncoderManifest Encoder, int Segments, float Epsilon)
{
    public int Hidden => Encoder.Hidden;
}

/// <summary>What an embedding head makes its vector from.</summary>
internal enum Pooling
{
    /// <summary>Mean of the last hidden states over all tokens, [CLS] and [SEP] counted.</summary>
    Mean,

    /// <summary>Last hidden state of [CLS].</summary>
    Cls,

    /// <summary>The pooled output: tanh of a dense layer on [CLS], which classification heads read.</summary>
    Pooled,
}

/// <summary>A head to be put on an encoder. Its name is the name of the graph's output.</summary>
/// <param name="Labels">In the order of the logits; none for an embedding.</param>
internal sealed record HeadSpec(string Name, HeadKind Kind, IReadOnlyList<string> Labels)
{
    /// <summary>For an embedding head only.</summary>
    public Pooling Pooling { get; init; }

    /// <summary>Whether an embedding is divided by its Euclidean length.</summary>
    public bool Normalise { get; init; }

    /// <summary>Whether it reads two texts at once, [CLS] a [SEP] b [SEP].</summary>
    public bool Pair { get; init; }

    /// <summary>A linear layer of its own, as all kinds but embeddings have.</summary>
    public bool HasWeights => Kind != HeadKind.Embedding;

    /// <summary>Reads every token's last hidden state, so that the last layer must be computed for all of them.</summary>
    public bool NeedsTokens => Kind is HeadKind.Token or HeadKind.Span || (Kind == HeadKind.Embedding && Pooling == Pooling.Mean);

    public bool NeedsPooler => Kind is HeadKind.Softmax or HeadKind.Sigmoid || (Kind == HeadKind.Embedding && Pooling == Pooling.Pooled);

    public HeadManifest Manifest => new(Name, Kind, Labels, Pair);
}
