using System.Globalization;

namespace Soak;

/// <summary>What a .NET process has in memory, in MiB, as the kernel tells it.</summary>
/// <param name="Resident">All of it, with the pages of files.</param>
/// <param name="Managed">Of that the collector's heap. Not what the collector has committed: pages that were never touched cost nothing, and would make the rest look smaller.</param>
/// <param name="Native">All other memory without a file behind it: ONNX Runtime, librdkafka, threads, compiled code.</param>
internal readonly record struct ProcessMemory(double Resident, double Managed, double Native)
{
    private const double KiBPerMiB = 1024;

    public static async Task<ProcessMemory> ReadAsync(int pid, CancellationToken until) => Parse(await File.ReadAllLinesAsync($"/proc/{pid}/smaps", until));

    /// <param name="smaps">Lines of <c>/proc/PID/smaps</c>: a header a mapping, and counts in KiB below it.</param>
    /// <remarks>The collector reserves one range of addresses at start, many times the machine's other mappings: it is the longest run of mappings without a file that touch each other.</remarks>
    public static ProcessMemory Parse(IEnumerable<string> smaps)
    {
        var (resident, anonymous) = (0L, 0L);
        var (run, longest) = (default(Run), default(Run));
        foreach (var line in smaps)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words[0])
            {
                case "Rss:":
                    resident += Number(words[1]);
                    break;
                case "Anonymous:":
                    anonymous += Number(words[1]);
                    run = run with { Anonymous = run.Anonymous + Number(words[1]) };
                    longest = run.Length > longest.Length || run.Begin == longest.Begin ? run : longest;
                    break;
                case var header when !header.EndsWith(':'):
                    run = run.Continue(header, isNamed: words.Length > 5);
                    break;
            }
        }

        return new ProcessMemory(resident / KiBPerMiB, longest.Anonymous / KiBPerMiB, (anonymous - longest.Anonymous) / KiBPerMiB);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Mappings without a name, one beginning where the one before it ends.</summary>
    private readonly record struct Run(ulong Begin, ulong End, bool IsNamed, long Anonymous)
    {
        public ulong Length => IsNamed ? 0 : End - Begin;

        public Run Continue(string range, bool isNamed)
        {
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            var (begin, end) = (ulong.Parse(range.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture), ulong.Parse(range.AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            return !isNamed && !IsNamed && begin == End ? this with { End = end } : new Run(begin, end, isNamed, 0);
        }
    }
}
