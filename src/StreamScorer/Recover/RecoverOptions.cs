using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Recover;

/// <summary>What a worker remembers of the crashes before it, so that one record cannot kill it for ever.</summary>
internal sealed record RecoverOptions
{
    /// <summary>
    /// Crashes on the same records after which they are worked one at a time, much more slowly; a record that then kills the process twice more, alone, is a dead letter.
    /// 0: nothing is remembered. Fewer take an ordinary kill for a crash sooner. (default: 3)
    /// </summary>
    [Range(0, 100)]
    public int Restarts { get; init; } = 3;

    /// <summary>
    /// Folder for the file with the offsets at work, a few hundred bytes. It must outlive the process: a container needs a volume here. Without a
    /// name it is streamscorer in XDG_STATE_HOME, else in ~/.local/state, else in the folder for temporary files. (default: none)
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>The folder that is used.</summary>
    internal string StateFolder => Folder ?? Path.Combine(State(), "streamscorer");

    private static string State()
        => Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state ? state
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home ? Path.Combine(home, ".local", "state")
            : Path.GetTempPath();
}
