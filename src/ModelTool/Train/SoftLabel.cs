namespace ModelTool.Train;

/// <summary>What a head is to say of a row when it is less than certain.</summary>
/// <param name="Probabilities">By label. Softmax: they sum to 1.</param>
/// <param name="Weight">What it counts beside a label; at most 1.</param>
internal sealed record SoftLabel(float[] Probabilities, float Weight)
{
    public static SoftLabel Certain(int label, int labels, float weight)
    {
        var probabilities = new float[labels];
        probabilities[label] = 1;
        return new SoftLabel(probabilities, weight);
    }

    /// <summary>A label as the data has it, mixed with what a teacher says. Labels of a sigmoid head that are missing are the teacher's alone.</summary>
    /// <param name="truth">As <see cref="Example"/> keeps it; has at least one label.</param>
    /// <param name="share">The teacher's share, from 0 to 1.</param>
    public static SoftLabel Mixed(short[] truth, bool isSigmoid, float[] teacher, float share)
    {
        var mixed = new float[teacher.Length];
        for (var label = 0; label < mixed.Length; label++)
        {
            float? known = isSigmoid ? (truth[label] < 0 ? null : truth[label]) : truth[0] == label ? 1 : 0;
            mixed[label] = known is { } value ? ((1 - share) * value) + (share * teacher[label]) : teacher[label];
        }

        return new SoftLabel(mixed, 1);
    }
}
