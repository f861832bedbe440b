namespace ModelTool.Graph;

/// <summary>The arithmetic of an encoder: its matrix products and word embeddings, and the type of all other constants.</summary>
internal abstract class Products
{
    /// <summary>Adds a constant matrix [inputs, outputs] and returns its name.</summary>
    public abstract string Weight(string part, float[] matrix, int inputs, int outputs);

    /// <param name="weight">What <see cref="Weight"/> gave.</param>
    public abstract string Multiply(Activations values, string weight);

    /// <summary>Normalised sum of the three embeddings of every token.</summary>
    public abstract string Embed(TokenLayout layout, EmbeddingWeights weights);

    /// <summary>Adds a constant that is not quantized.</summary>
    public abstract string Constant(string name, float[] data, params long[] shape);

    /// <summary>GELU by the error function of a product and its bias.</summary>
    public abstract string Gelu(string product, float[] bias);
}

/// <summary>What a matrix product reads, one row a token.</summary>
/// <param name="OnlyFirst">Whether the rows are those of [CLS] alone.</param>
/// <param name="FromGelu">Whether no value is less than GELU's minimum, -0.17.</param>
internal readonly record struct Activations(string Name, bool OnlyFirst = false, bool FromGelu = false);

/// <summary>Embedding tables [entries, hidden], row-major, and the normalisation's scale and shift by their names in the graph.</summary>
/// <param name="Words">The one table that is large.</param>
internal sealed record EmbeddingWeights(float[] Words, string Positions, string Segments, string Scale, string Shift);
