using System.CommandLine;
using StreamScorer.Demo;
using StreamScorer.Operate;

namespace StreamScorer.Commands;

/// <summary>What <c>demo</c> and <c>replay</c> share: how many sample posts, how fast.</summary>
internal static class ReplayFlags
{
    private static readonly ReplayOptions Defaults = new();

    public static readonly Option<long?> Posts = new("--posts", "-n") { Description = "Posts in all, then a summary (default: endless, until Ctrl-C)", HelpName = "N" };

    public static readonly Option<double> Rate = new("--rate", "-r") { Description = "Posts per second between bursts", DefaultValueFactory = _ => Defaults.Rate, HelpName = "R" };

    public static readonly Option<double> Burst = new("--burst") { Description = "Every 10 s, for 2 s, so many times the rate; 1: no bursts", DefaultValueFactory = _ => Defaults.Burst, HelpName = "K" };

    public static readonly Option<int> Seed = new("--seed") { Description = "The same seed gives the same records", DefaultValueFactory = _ => Defaults.Seed, HelpName = "S" };

    public static ReplayOptions Read(ParseResult parsed, int maxTextBytes)
    {
        var replay = new ReplayOptions { Posts = parsed.GetValue(Posts), Rate = parsed.GetValue(Rate), Burst = parsed.GetValue(Burst), Seed = parsed.GetValue(Seed), MaxTextBytes = maxTextBytes };
        return replay.Faults().ToList() is { Count: > 0 } faults ? throw new StartupException(string.Join('\n', faults)) : replay;
    }
}
