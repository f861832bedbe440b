using Spectre.Console;

namespace StreamScorer.Demo;

/// <summary>
/// Shows the demo: redrawn in place on a terminal; elsewhere plain lines of numbers, without the text of any post, since such output ends
/// up in logs.
/// </summary>
internal sealed class Screen
{
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(2);

    private readonly IAnsiConsole _console;
    private readonly SamplePosts _samples;
    private readonly TimeProvider _time;

    public Screen(IAnsiConsole console, SamplePosts samples, TimeProvider time)
    {
        (_console, _samples, _time) = (console, samples, time);
        if (!IsLive)
        {
            // Colours in a file are noise, and a pipe has no width to wrap at.
            console.Profile.Capabilities.Ansi = false;
            console.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
            console.Profile.Width = Math.Max(console.Profile.Width, 1_000);
        }
    }

    /// <summary>Hides the letters of the posts that are shown. (default: false)</summary>
    public bool Mask { get; init; }

    /// <summary>True when lines can be redrawn: a terminal, not a pipe, a file, or TERM=dumb.</summary>
    private bool IsLive => _console.Profile.Out.IsTerminal && _console.Profile.Capabilities.Ansi;

    /// <summary>Draws until <paramref name="stop"/>, and once more then.</summary>
    public async Task RunAsync(Func<DemoSnapshot> read, CancellationToken stop)
    {
        if (!IsLive)
        {
            if (read().Title.PageUrl is { } url)
            {
                _console.WriteLine($"console page: {url}");
            }

            await RepeatAsync(PlainEvery, () => _console.WriteLine(PlainLine.Of(read())), stop);
            return;
        }

        var view = new ScreenView(_samples, _console.Profile.Capabilities.Unicode) { Mask = Mask };
        await _console.Live(view.Draw(read(), _console.Profile.Width)).StartAsync(live => RepeatAsync(RedrawEvery, () => live.UpdateTarget(view.Draw(read(), _console.Profile.Width)), stop));
    }

    /// <summary>The block at the end.</summary>
    public void Summarise(DemoSnapshot last, Reckoning reckoning) => _console.Write(Summary.Of(last, reckoning));

    private async Task RepeatAsync(TimeSpan every, Action draw, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            draw();
            await Task.Delay(every, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        draw();
    }
}
