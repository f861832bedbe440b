using System.Diagnostics;

namespace Soak;

/// <summary>Other programs.</summary>
internal static class Run
{
    /// <summary>The checkout that this program was built in.</summary>
    public static string Root { get; } = FindRoot();

    public static string Program(string project, string assembly) => Path.Combine(Root, "artifacts", "bin", project, "release", $"{assembly}.dll");

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="InvalidOperationException">It ended with another exit code than allowed; the message has its last lines.</exception>
    public static async Task<(int Code, string Output)> ToEndAsync(string program, IEnumerable<string> arguments, params int[] allowed)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 || allowed.Contains(process.ExitCode)
            ? (process.ExitCode, await output)
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with exit code {process.ExitCode}: {(await errors).Trim()}{(await output).Trim()}");
    }

    /// <summary>Sends a signal to one process, by its id. False: it is gone.</summary>
    public static async Task<bool> SignalAsync(string signal, int pid)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", $"{pid}"]) { RedirectStandardError = true })!;
        await kill.WaitForExitAsync();
        return kill.ExitCode == 0;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "StreamScorer.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Run trials inside a checkout: the programs and the vocabulary are read from it.");
        }

        return folder.FullName;
    }
}
