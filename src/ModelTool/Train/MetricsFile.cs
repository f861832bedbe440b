using System.Globalization;

namespace ModelTool.Train;

/// <summary>
/// What training measured, as CSV: a line a step with the losses, and a line an epoch with F1 on the development rows; empty where a
/// column has no meaning. Every line is written at once, so that the file can be watched.
/// </summary>
internal sealed class MetricsFile : IDisposable
{
    private readonly StreamWriter _writer;
    private readonly int _heads;

    /// <param name="steps">Steps already taken: lines of later ones, which will be taken again, are dropped.</param>
    public MetricsFile(string path, IReadOnlyList<string> heads, long steps)
    {
        _heads = heads.Count;
        var header = string.Join(',', [
            "step", "epoch", "part", "rate", "gradient_norm", "tokens_per_second",
            .. heads.Select(head => $"loss.{head}"), .. heads.Select(head => $"f1.{head}"), "f1"]);
        List<string> kept = steps > 0 && File.Exists(path) ? [.. File.ReadLines(path).Skip(1).Where(line => StepOf(line) <= steps)] : [];
        var aside = path + ".part";
        File.WriteAllText(aside, string.Concat(kept.Prepend(header).Select(line => line + "\n")));
        File.Move(aside, path, overwrite: true);
        _writer = new StreamWriter(path, append: true) { AutoFlush = true, NewLine = "\n" };
    }

    public void Step(long step, int epoch, double rate, StepResult result, IEnumerable<string> heads, double tokensPerSecond) => Write(
        step,
        epoch,
        ["train", Text(rate), Text(result.GradientNorm), Text(tokensPerSecond), .. heads.Select(head => Text(result.Losses[head])), .. new string[_heads + 1]]);

    public void Dev(long step, int epoch, IReadOnlyList<double> f1) =>
        Write(step, epoch, ["dev", "", "", "", .. new string[_heads], .. f1.Select(Text), Text(f1.Average())]);

    public void Dispose() => _writer.Dispose();

    private void Write(long step, int epoch, IEnumerable<string> cells) =>
        _writer.WriteLine(string.Join(',', cells.Prepend($"{epoch}").Prepend($"{step}")));

    private static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static long StepOf(string line) => long.TryParse(line.AsSpan(0, Math.Max(0, line.IndexOf(',', StringComparison.Ordinal))), out var step) ? step : long.MaxValue;
}
