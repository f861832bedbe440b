namespace StreamScorer.Operate;

/// <summary>Lets one event of a kind through every ten seconds and counts those it holds back: what fails a thousand times a second must not write a thousand lines. Thread-safe.</summary>
internal sealed class LogGate(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<(int Id, int Kind), (long Told, int Held)> _kinds = [];

    /// <param name="id">Of the event.</param>
    /// <param name="kind">What to tell apart within it, of few values, such as an error code.</param>
    /// <param name="more">For the end of the line: empty, or how many were held back since the last one.</param>
    public bool Opens(int id, int kind, out string more)
    {
        more = "";
        lock (_kinds)
        {
            var isKnown = _kinds.TryGetValue((id, kind), out var last);
            if (isKnown && time.GetElapsedTime(last.Told) < Interval)
            {
                _kinds[(id, kind)] = last with { Held = last.Held + 1 };
                return false;
            }

            more = last.Held > 0 ? $" ({last.Held} more like it were not told)" : "";
            _kinds[(id, kind)] = (time.GetTimestamp(), 0);
            return true;
        }
    }
}
