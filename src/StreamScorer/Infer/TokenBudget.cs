namespace StreamScorer.Infer;

/// <summary>
/// How many tokens one model call may hold after the device ran out of memory: half of what failed. For every minute without another failure a quarter
/// more, until it is full again. Who took the memory may give it back; where nobody does, that costs one failed call every few minutes.
/// </summary>
/// <param name="full">Tokens of the largest ordinary call.</param>
internal sealed class TokenBudget(int full, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private int? _reduced;
    private long _changed;

    /// <summary>Not more than the largest ordinary call, though a single row may be.</summary>
    public int Tokens
    {
        get
        {
            while (_reduced is { } tokens && time.GetElapsedTime(_changed) >= Pause)
            {
                _reduced = tokens + Math.Max(1, tokens / 4) is var more && more < full ? more : null;
                _changed += (long)(Pause.TotalSeconds * time.TimestampFrequency);
            }

            return _reduced ?? full;
        }
    }

    public bool Holds(int tokens) => Tokens >= tokens || _reduced is null;

    /// <param name="failed">Tokens of the call that found no memory.</param>
    public void Halve(int failed)
    {
        _reduced = Math.Max(1, Math.Min(Tokens, failed) / 2);
        _changed = time.GetTimestamp();
    }
}
