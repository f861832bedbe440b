namespace StreamScorer.Score;

/// <summary>A line on standard error for long inputs: how many posts, how fast. Redrawn in place on a terminal.</summary>
internal sealed class Progress(TextWriter error, TimeProvider time, bool enabled, string unit = "posts") : IDisposable
{
    /// <summary>Short runs stay silent.</summary>
    private static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(Console.IsErrorRedirected ? 10 : 1);

    private readonly long _started = time.GetTimestamp();
    private TimeSpan _next = FirstAfter;
    private long _posts;
    private bool _shown;

    public void Add(int posts)
    {
        _posts += posts;
        var elapsed = time.GetElapsedTime(_started);
        if (enabled && elapsed >= _next)
        {
            Show(elapsed);
            _next = elapsed + Every;
        }
    }

    public void Dispose()
    {
        if (_shown)
        {
            Show(time.GetElapsedTime(_started));
            if (!Console.IsErrorRedirected)
            {
                error.WriteLine();
            }
        }
    }

    private void Show(TimeSpan elapsed)
    {
        _shown = true;
        var line = FormattableString.Invariant($"{_posts:N0} {unit} in {elapsed.TotalSeconds:F0} s, {_posts / elapsed.TotalSeconds:F0} {unit}/s");
        if (Console.IsErrorRedirected)
        {
            error.WriteLine(line);
        }
        else
        {
            error.Write($"\r{line}   ");
        }
    }
}
