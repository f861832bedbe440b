namespace ModelTool.Graph;

/// <summary>How the tokens of several rows lie in a graph's inputs, and the operators that depend on it. All others work on whatever rows there are.</summary>
internal abstract class TokenLayout
{
    /// <summary>Dimensions before the last one, of values that have one row a token.</summary>
    public abstract object[] TokenShape { get; }

    /// <summary>Name of the input with the token ids.</summary>
    public abstract string Ids { get; }

    /// <summary>Sum of the embeddings of every token's position and segment, one row a token.</summary>
    public abstract string Places(string positions, string segments);

    /// <summary>Normalised sum of the three embeddings of every token.</summary>
    public abstract string Embed(string words, string positions, string segments, string scale, string shift);

    /// <summary>Attention over all tokens of the own row.</summary>
    /// <param name="bias">Of queries, keys and values, one after the other.</param>
    /// <param name="onlyFirst">Whether the queries are those of [CLS] alone, made from what <see cref="First"/> gives.</param>
    public abstract string Attend(string queries, string keys, string values, string bias, bool onlyFirst);

    /// <summary>Hidden states of [CLS] alone.</summary>
    public abstract string First(string hidden);

    /// <summary>What <see cref="First"/> gave, as [batch, hidden].</summary>
    public abstract string Rows(string first);

    /// <summary>Mean over a row's tokens: [batch, hidden].</summary>
    public abstract string Mean(string hidden);
}
