using System.Diagnostics;

namespace Soak;

/// <summary>One worker, which can be killed and started again. Its log goes to a file.</summary>
internal sealed class WorkerProcess(string name, IReadOnlyList<string> arguments, string folder) : IAsyncDisposable
{
    private readonly string _file = Path.Combine(folder, $"{name}.log");
    private Process? _process;
    private StreamWriter? _log;
    private long _started;

    /// <summary>Exit codes of ends that were asked for politely and not answered with 0, and of ends that nobody asked for.</summary>
    public List<string> BadEnds { get; } = [];

    public int Starts { get; private set; }

    /// <summary>Whether it always ended within its time after SIGTERM, and with 0; or with 143, when the signal came before the program could heed it.</summary>
    public bool StopsAsAsked { get; private set; } = true;

    public bool IsRunning => _process is { HasExited: false };

    public int Pid => _process!.Id;

    /// <summary>Whether these words are in its log, or in what it has logged since it was last started.</summary>
    public bool Said(string words, bool sinceStart = false)
    {
        lock (this)
        {
            using var log = new StreamReader(new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            log.BaseStream.Position = sinceStart ? _started : 0;
            return log.ReadToEnd().Contains(words, StringComparison.Ordinal);
        }
    }

    public void Start()
    {
        _log ??= new StreamWriter(_file) { AutoFlush = true };
        _started = _log.BaseStream.Position;
        Starts++;
        _process = new Process { StartInfo = new ProcessStartInfo("dotnet", arguments) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = folder } };
        _process.ErrorDataReceived += (_, line) => Write(line.Data);
        _process.OutputDataReceived += (_, line) => Write(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Starts it again when it has ended by itself, as a supervisor does; that is allowed where a trial says so, and always counted.</summary>
    public void Supervise()
    {
        if (_process is { HasExited: true } ended)
        {
            BadEnds.Add($"{name} ended by itself with exit code {ended.ExitCode}");
            Start();
        }
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process = null;
    }

    public async Task StopAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        if (!process.HasExited)
        {
            await Run.SignalAsync("TERM", process.Id);
        }

        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
            if (process.ExitCode != 0)
            {
                BadEnds.Add($"{name} ended with exit code {process.ExitCode} after SIGTERM");
                StopsAsAsked &= process.ExitCode == 128 + 15;
            }
        }
        catch (TimeoutException)
        {
            BadEnds.Add($"{name} did not end within 60 s of SIGTERM");
            StopsAsAsked = false;
            process.Kill();
        }

        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await Run.SignalAsync("CONT", _process.Id); // a stopped process would not be gone before it goes on
            await KillAsync();
        }

        _log?.Dispose();
    }

    private void Write(string? line)
    {
        if (line is not null)
        {
            lock (this)
            {
                _log?.WriteLine(line);
            }
        }
    }
}
