namespace StreamScorer.Infer;

/// <summary>What the model says of each row of a micro-batch, or why it says nothing.</summary>
internal sealed class RowScores(int rows, int logitCount)
{
    private readonly (long Start, long Ticks)[] _spans = new (long, long)[rows];
    private string?[]? _faults;

    /// <summary>[rows, logits], row-major.</summary>
    public float[] Logits { get; } = new float[rows * logitCount];

    /// <summary>Of the calls that scored a row, without those that failed and the waits after them.</summary>
    public long Ticks { get; private set; }

    public Span<float> LogitsOf(int first, int count) => Logits.AsSpan(first * logitCount, count * logitCount);

    /// <summary>Notes the call that rows were scored in, on the monotonic clock.</summary>
    public void Took(int first, int count, long start, long ticks)
    {
        Array.Fill(_spans, (start, ticks), first, count);
        Ticks += ticks;
    }

    public (long Start, long Ticks) Span(int row) => _spans[row];

    /// <summary>The model fails on this row alone.</summary>
    public void Fail(int row, string why) => (_faults ??= new string?[rows])[row] = why;

    public string? Fault(int row) => _faults?[row];
}
