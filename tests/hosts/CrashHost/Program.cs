using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using StreamScorer;
using StreamScorer.Commands;
using StreamScorer.Configure;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

// The worker, with a model that takes the process down when it is given a certain token, as a native crash or the kernel's memory killer does.
// Arguments: the token, then SECTION:KEY=VALUE as for --set.
var token = int.Parse(args[0], CultureInfo.InvariantCulture);
return await Shell.RunAsync(async stop =>
{
    var loaded = SettingsLoader.Load(null, args[1..]);
    using var loggers = Events.Open(loaded, LogLevel.Warning);
    await using var worker = await Worker.OpenAsync(loaded.Settings, loggers, TimeProvider.System, scorer => new DeadlyScorer(scorer, token));
    await worker.RunAsync(stop);
    return ExitCode.Ok;
});

internal sealed class DeadlyScorer(IScorer scorer, int token) : IScorer
{
    public string Device => scorer.Device;

    public int LogitCount => scorer.LogitCount;

    public bool Pads => scorer.Pads;

    public void Score(TokenBatch batch, Span<float> logits)
    {
        for (var row = 0; row < batch.Rows; row++)
        {
            if (batch.Row(row).Contains(token))
            {
                using var self = Process.GetCurrentProcess();
                self.Kill();
                Thread.Sleep(Timeout.Infinite);
            }
        }

        scorer.Score(batch, logits);
    }

    public void Dispose() => scorer.Dispose();
}
