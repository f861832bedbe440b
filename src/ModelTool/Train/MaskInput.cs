namespace ModelTool.Train;

/// <summary>A dropout mask among a graph's inputs.</summary>
/// <param name="Hidden">Size of a token's vector; 0 for a mask of attention probabilities.</param>
/// <param name="Heads">Attention heads; without meaning for a mask of vectors.</param>
/// <param name="FirstOnly">Whether only the first token of each row asks.</param>
internal sealed record MaskInput(string Name, int Hidden, int Heads, bool FirstOnly)
{
    public long[] Shape(int rows, int length)
    {
        long queries = FirstOnly ? 1 : length;
        return Hidden > 0 ? [rows * queries, Hidden] : [rows, Heads, queries, length];
    }
}
