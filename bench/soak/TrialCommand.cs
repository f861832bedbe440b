using System.CommandLine;
using Confluent.Kafka;

namespace Soak;

/// <summary><c>soak trial NAME</c>.</summary>
internal static class TrialCommand
{
    private static readonly Argument<string[]> Names = new("names") { Description = "Trials, one after the other; 'all' for every one:\n" + string.Join('\n', Trials.All.Select(t => $"{t.Key}: {t.Value.What}")), Arity = ArgumentArity.OneOrMore };
    private static readonly Option<int> Posts = new("--posts") { Description = "Posts of each trial", DefaultValueFactory = _ => 30_000 };
    private static readonly Option<double> Rate = new("--rate") { Description = "Posts a second", DefaultValueFactory = _ => 500 };
    private static readonly Option<double?> Minutes = new("--minutes") { Description = "As fast as the workers are, for so long, in the place of --posts and --rate" };
    private static readonly Option<int> Seed = new("--seed") { Description = "The same seed makes the same posts and the same waits", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Partitions = new("--partitions") { Description = "Of every topic", DefaultValueFactory = _ => 6 };
    private static readonly Option<string?> Model = new("--model") { Description = "Folder of a model bundle (default: as the trial says, mostly a tiny one with random weights, so that Kafka is the limit)" };
    private static readonly Option<string[]> Set = new("--set") { Description = "A further setting of the workers" };
    private static readonly Option<string?> Picture = new("--picture") { Description = "SVG file for the memory that a trial samples; the numbers go beside it as CSV" };
    private static readonly Option<bool> Keep = new("--keep") { Description = "Keep the logs of workers and brokers, also when all is fine" };

    public static Command Create()
    {
        var command = new Command("trial", "Break a three-broker cluster or the workers on it while posts flow, then account for every post.") { Names, Posts, Rate, Minutes, Seed, Partitions, Model, Set, Picture, Keep };
        command.SetAction((parsed, stop) => RunAsync(parsed, stop));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var names = parsed.GetValue(Names)!;
        names = names is ["all"] ? [.. Trials.All.Keys] : names;
        if (names.FirstOrDefault(n => !Trials.All.ContainsKey(n)) is { } strange)
        {
            Console.Error.WriteLine($"There is no trial '{strange}'. There are: {string.Join(", ", Trials.All.Keys)}.");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("streamscorer-trial-").FullName;
        var options = new TrialOptions(parsed.GetValue(Posts), parsed.GetValue(Rate), parsed.GetValue(Minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : null, parsed.GetValue(Seed), parsed.GetValue(Partitions), parsed.GetValue(Model), parsed.GetValue(Set) ?? [], parsed.GetValue(Picture), parsed.GetValue(Keep));
        Console.WriteLine("| trial | load | faults | scored + dead-lettered + filtered | lost | doubled | other faults | recovery, median and longest | time | audit |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        var fine = true;
        try
        {
            foreach (var name in names)
            {
                fine &= await OneAsync(name, Trials.All[name], options, Path.Combine(folder, name), stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("soak: stopped.");
            return 2;
        }
        catch (Exception e) when (e is InvalidOperationException or KafkaException)
        {
            Console.Error.WriteLine($"soak: {e.Message}");
            fine = false;
            return 2;
        }
        finally
        {
            if (options.Keep || !fine)
            {
                Console.Error.WriteLine($"logs: {folder}");
            }
            else
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return fine ? 0 : 1;
    }

    private static async Task<bool> OneAsync(string name, TrialKind kind, TrialOptions options, string folder, CancellationToken stop)
    {
        Directory.CreateDirectory(folder);
        var model = options.Model is { } own ? Path.GetFullPath(own)
            : kind.Model == TrialModel.Default ? Path.Combine(Run.Root, "models", "minilm-moderation")
            : await TinyModel.MakeAsync(folder, kind.Model == TrialModel.Poisoned);
        var brokers = Path.Combine(folder, "kafka");
        await using var cluster = await DevCluster.StartAsync(brokers, kind.Secure);
        var topics = SoakTopics.Named($"soak-{name}");
        await topics.CreateAsync(cluster.Client, options.Partitions, 3, topic => topic != kind.Absent(topics));
        await using var trial = new Trial(name, kind, options, cluster, topics, folder, model);
        return await trial.RunAsync(stop);
    }
}
