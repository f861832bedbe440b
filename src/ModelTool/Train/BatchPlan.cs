namespace ModelTool.Train;

/// <summary>Which rows go through the model together. Rows of a batch have nearly equal lengths, so that little is padding.</summary>
internal static class BatchPlan
{
    // Rows of that many batches are sorted by length together: enough that lengths in a batch are alike, few enough that order stays random.
    private const int ChunkBatches = 64;

    /// <summary>Indices of rows by batch for one epoch of training; random, and the same for the same seed and epoch.</summary>
    public static List<int[]> Shuffled(IReadOnlyList<Example> examples, int batch, int seed, int epoch)
    {
        var random = new Random32(((ulong)(uint)seed << 32) | (uint)epoch);
        int[] order = [.. Enumerable.Range(0, examples.Count)];
        random.Shuffle<int>(order);
        var batches = order.Chunk(batch * ChunkBatches).SelectMany(chunk => ByLength(examples, chunk).Chunk(batch)).ToArray();
        random.Shuffle<int[]>(batches);
        return [.. batches];
    }

    /// <summary>Indices of rows by batch, sorted by length throughout.</summary>
    public static IEnumerable<int[]> Sorted(IReadOnlyList<Example> examples, int batch) =>
        ByLength(examples, [.. Enumerable.Range(0, examples.Count)]).Chunk(batch);

    private static IEnumerable<int> ByLength(IReadOnlyList<Example> examples, int[] rows) =>
        rows.OrderBy(row => examples[row].Ids.Length); // a stable sort
}
