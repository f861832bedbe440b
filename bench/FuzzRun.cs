using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Fuzz;
using StreamScorer.Shared.Bundle;

namespace Bench;

/// <summary>Many hostile payloads through Decode and Encode. Any exception, and anything that must hold and does not, is a failure that names its payload.</summary>
internal static class FuzzRun
{
    private const int Chunk = 10_000;

    public static Command Create()
    {
        var count = new Option<long>("--count") { Description = "Payloads", DefaultValueFactory = _ => 10_000_000 };
        var seed = new Option<int>("--seed") { Description = "The same seed makes the same payloads", DefaultValueFactory = _ => 1 };
        var first = new Option<long>("--first") { Description = "Number of the first payload; with --count 1 one is run again" };
        var threads = new Option<int>("--threads") { Description = "Payloads at a time", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("fuzz", "Random and mutated record values through Decode and Encode.") { count, seed, first, threads };
        command.SetAction((parsed, stop) => Task.Run(() => Run(parsed.GetValue(count), parsed.GetValue(seed), parsed.GetValue(first), parsed.GetValue(threads), stop), stop));
        return command;
    }

    private static int Run(long count, int seed, long first, int threads, CancellationToken stop)
    {
        var bundle = ModelBundle.Open(Samples.Bundle);
        var tokenizer = bundle.LoadTokenizer();
        var outcomes = new ConcurrentDictionary<string, long>();
        var failures = new ConcurrentQueue<string>();
        var (bytes, slowest) = (0L, new Slowest());
        var watch = Stopwatch.StartNew();
        var chunks = Enumerable.Range(0, checked((int)((count + Chunk - 1) / Chunk)));
        Parallel.ForEach(chunks, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = stop }, chunk =>
        {
            var check = new FuzzCheck(tokenizer, bundle.Manifest.MaxTokens);
            var mine = new Dictionary<string, long>();
            var begin = first + ((long)chunk * Chunk);
            for (var number = begin; number < Math.Min(begin + Chunk, first + count); number++)
            {
                var (value, key) = FuzzPayloads.Make(seed, number);
                var started = Stopwatch.GetTimestamp();
                var outcome = Outcome(check, value, key, fault => failures.Enqueue($"fuzz --seed {seed} --first {number} --count 1: {fault}"));
                slowest.Take(number, value.Length, Stopwatch.GetElapsedTime(started));
                Interlocked.Add(ref bytes, value.Length);
                mine[outcome] = mine.GetValueOrDefault(outcome) + 1;
            }

            foreach (var (outcome, times) in mine)
            {
                outcomes.AddOrUpdate(outcome, times, (_, sum) => sum + times);
            }
        });
        Report(count, bytes, watch.Elapsed, threads, outcomes, slowest);
        failures.Take(20).ToList().ForEach(Console.WriteLine);
        Console.WriteLine(failures.IsEmpty ? "no failure" : $"{failures.Count} failures");
        return failures.IsEmpty ? 0 : 1;
    }

    private static string Outcome(FuzzCheck check, byte[] value, byte[]? key, Action<string> fail)
    {
        try
        {
            return check.Run(value, key);
        }
        catch (Exception e)
        {
            fail($"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n')[0].Trim()}"); // per record tier: the next payload is another matter
            return "failed";
        }
    }

    private static void Report(long count, long bytes, TimeSpan elapsed, int threads, ConcurrentDictionary<string, long> outcomes, Slowest slowest)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} payloads, {bytes / 1e6:F0} MB, in {elapsed.TotalSeconds:F1} s: {count / elapsed.TotalSeconds:F0} payloads/s on {threads} threads, {Samples.Processor}"));
        foreach (var (outcome, times) in outcomes.OrderByDescending(o => o.Value))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {outcome} | {times} | {100.0 * times / count:F1} % |"));
        }

        Console.WriteLine($"slowest: {slowest}");
    }

    /// <summary>The payload that took longest, all checks included. On a busy machine mostly one that was interrupted.</summary>
    private sealed class Slowest
    {
        private readonly Lock _gate = new();
        private (long Number, int Bytes, TimeSpan Time) _worst;

        public void Take(long number, int bytes, TimeSpan time)
        {
            if (time <= _worst.Time)
            {
                return; // read without the lock: a torn value costs a lock and no more
            }

            lock (_gate)
            {
                _worst = time > _worst.Time ? (number, bytes, time) : _worst;
            }
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"number {_worst.Number}, {_worst.Bytes} bytes, {_worst.Time.TotalMilliseconds:F1} ms");
    }
}
