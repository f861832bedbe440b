using System.CommandLine;

namespace StreamScorer.Commands;

/// <summary><c>streamscorer run</c>: the product.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Score the stream until SIGTERM or Ctrl-C, then drain and commit.") { Shell.Config, Shell.Set, Shell.Model };
        command.SetAction((parsed, _) => Shell.RunAsync(async stop =>
        {
            var loaded = Shell.Read(parsed);
            return await Events.RunAsync(loaded, async loggers =>
            {
                await using var worker = await Worker.OpenAsync(loaded.Settings, loggers, TimeProvider.System);
                await worker.RunAsync(stop);
            });
        }));
        return command;
    }
}
