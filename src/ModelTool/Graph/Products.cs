namespace ModelTool.Graph;

/// <summary>The arithmetic of an encoder's matrix products and word embeddings.</summary>
internal abstract class Products
{
    /// <summary>Adds a constant matrix [inputs, outputs] and returns its name.</summary>
    public abstract string Weight(string part, float[] matrix, int inputs, int outputs);

    /// <param name="weight">What <see cref="Weight"/> gave.</param>
    public abstract string Multiply(string values, string weight);

    /// <summary>Normalised sum of the three embeddings of every token.</summary>
    public abstract string Embed(TokenLayout layout, EmbeddingWeights weights);
}

/// <summary>Embedding tables [entries, hidden], row-major, and the normalisation's scale and shift by their names in the graph.</summary>
/// <param name="Words">The one table that is large.</param>
internal sealed record EmbeddingWeights(float[] Words, string Positions, string Segments, string Scale, string Shift);
