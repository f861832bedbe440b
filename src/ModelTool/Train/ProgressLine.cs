using System.Globalization;

namespace ModelTool.Train;

/// <summary>One line that says how far training is: rewritten in place on a terminal, else a new one now and then.</summary>
internal sealed class ProgressLine(TextWriter writer, bool terminal, TimeProvider time)
{
    private const int BarLength = 20;

    // Losses of single batches jump; about the last 50 count.
    private const double Smoothing = 0.02;

    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, double> _losses = [];
    private readonly long _began = time.GetTimestamp();
    private long _shown;
    private long _tokens;
    private long _steps;
    private int _width;

    /// <summary>Tokens without padding, a second of this run's steps.</summary>
    public double TokensPerSecond => _tokens / Math.Max(time.GetElapsedTime(_began).TotalSeconds, 1e-9);

    public void Step(long step, long steps, int epoch, int epochs, StepResult result, int tokens)
    {
        _tokens += tokens;
        _steps++;
        foreach (var (head, loss) in result.Losses)
        {
            _losses[head] = _losses.TryGetValue(head, out var mean) ? mean + (Math.Max(Smoothing, 1.0 / _steps) * (loss - mean)) : loss;
        }

        if (step == steps || _shown == 0 || time.GetElapsedTime(_shown) >= (terminal ? OnTerminal : Elsewhere))
        {
            _shown = time.GetTimestamp();
            Show(Format(step, steps, epoch, epochs));
        }
    }

    /// <summary>A sentence of its own.</summary>
    public void Say(string sentence)
    {
        EndLine();
        writer.WriteLine(sentence);
    }

    /// <summary>Leaves the line that was rewritten in place as it stands.</summary>
    public void EndLine()
    {
        if (_width > 0)
        {
            writer.WriteLine();
            _width = 0;
        }
    }

    private string Format(long step, long steps, int epoch, int epochs)
    {
        var done = (int)(BarLength * step / steps);
        var left = TimeSpan.FromSeconds(time.GetElapsedTime(_began).TotalSeconds / _steps * (steps - step));
        var losses = string.Join(' ', _losses.Select(loss => string.Create(CultureInfo.InvariantCulture, $"{loss.Key} {loss.Value:F3}")));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"[{new string('#', done)}{new string('.', BarLength - done)}] epoch {epoch + 1}/{epochs} step {step}/{steps} loss {losses} {TokensPerSecond:F0} tokens/s {(int)left.TotalHours}:{left:mm\\:ss} left");
    }

    private void Show(string line)
    {
        if (!terminal)
        {
            writer.WriteLine(line);
            return;
        }

        writer.Write($"\r{line.PadRight(_width)}");
        _width = line.Length;
    }
}
