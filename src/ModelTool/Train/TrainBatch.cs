namespace ModelTool.Train;

/// <summary>What one head is to say about a batch.</summary>
/// <param name="Target">Shape and meaning as the head's loss asks for (<see cref="LossOperators"/>).</param>
/// <param name="Weight">As the target; for sigmoid heads only.</param>
/// <param name="Scale">One over what the loss averages over; 0 when nothing is labelled.</param>
internal sealed record HeadTarget(float[] Target, float[]? Weight, float Scale);

/// <summary>Rows of token ids, padded to one length, with what the heads are to say about them.</summary>
/// <param name="Ids">[rows * length], 0 where there is padding.</param>
/// <param name="Segments">[rows * length].</param>
/// <param name="Lengths">Tokens by row.</param>
/// <param name="Targets">By head; empty when only logits are wanted.</param>
internal sealed record TrainBatch(int Length, long[] Ids, long[] Segments, int[] Lengths, IReadOnlyDictionary<string, HeadTarget> Targets)
{
    // exp of it, less a row's largest score, is 0 in 32-bit floats; twice it still is a number.
    private const float NoProbability = -1e30f;

    public int Rows => Lengths.Length;

    /// <summary>Tokens without padding.</summary>
    public int Tokens => Lengths.Sum();

    /// <summary>What is added to attention scores, [rows, length]: 0, or so low that the probability is exactly 0.</summary>
    public float[] Padding()
    {
        var padding = new float[Ids.Length];
        for (var row = 0; row < Rows; row++)
        {
            padding.AsSpan((row * Length) + Lengths[row], Length - Lengths[row]).Fill(NoProbability);
        }

        return padding;
    }
}
