using System.CommandLine;
using Microsoft.Win32.SafeHandles;
using StreamScorer.Decode;
using StreamScorer.Operate;
using StreamScorer.Score;

namespace StreamScorer.Commands;

/// <summary><c>streamscorer score</c>: the same code as the stream, without Kafka.</summary>
internal static class ScoreCommand
{
    private static readonly Argument<string?> Input = new("input")
    {
        Description = "A file (.jsonl, .csv, or plain text with one post a line), '-' for standard input, or a text in quotes",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<LineFormat?> Format = new("--format", "-f") { Description = "Format of the input (default: by the file's ending; standard input: Json when it begins with '{', else Text)" };

    private static readonly Option<string> TextColumn = new("--text-column") { Description = "CSV: column with the text", DefaultValueFactory = _ => "text" };

    private static readonly Option<string> IdColumn = new("--id-column") { Description = "CSV: column with the id", DefaultValueFactory = _ => "id" };

    public static Command Create()
    {
        var command = new Command("score", "Score a text, a file or standard input; one JSON object a line, in input order.") { Input, Format, TextColumn, IdColumn, Shell.Config, Shell.Set, Shell.Model };
        Input.Validators.Add(result =>
        {
            // Otherwise a mistyped option would be scored as a text.
            if (result.Tokens is [{ Value: ['-', '-', ..] option }])
            {
                result.AddError($"There is no option '{option}'. A text that begins with -- can be piped: echo TEXT | streamscorer score -");
            }
        });
        command.SetAction((parsed, _) => Shell.RunAsync(stop => ScoreAsync(parsed, stop)));
        return command;
    }

    private static async Task<int> ScoreAsync(ParseResult parsed, CancellationToken stop)
    {
        var (settings, _) = Shell.Load(parsed);
        using var lines = Lines.Open(parsed.GetValue(Input), parsed.GetValue(Format), parsed.GetValue(TextColumn)!, parsed.GetValue(IdColumn)!);
        settings = settings with { Decode = settings.Decode with { Format = lines.Format == LineFormat.Json ? InputFormat.Json : InputFormat.Text } };

        using var telemetry = new Telemetry(TimeProvider.System);
        using var engine = Engine.Open(settings, telemetry, new HealthState(settings.Operate, TimeProvider.System), TimeProvider.System);
        using var progress = new Progress(Console.Error, TimeProvider.System, enabled: lines.IsMany);
        var source = new LineSource(lines, engine.Intake, TimeProvider.System);

        try
        {
            await using var output = StandardOutput();
            var sink = new JsonLinesSink(engine.Outcomes, output, progress);
            await engine.Pipeline.RunAsync(abort => source.RunAsync(stop, abort), sink.RunAsync, settings.Pipeline.DrainTimeout, stop);
        }
        catch (IOException)
        {
            return ExitCode.Failed; // whoever reads has had enough, as head does: no reason to score on, nor to complain
        }

        if (!stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }

        await Console.Error.WriteLineAsync("streamscorer: stopped by a signal; the rest of the input was not scored.");
        return ExitCode.Failed;
    }

    /// <summary>Not the console's own stream, which passes over a closed pipe without a word.</summary>
    private static FileStream StandardOutput() => new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
}
