using StreamScorer.Operate;

namespace StreamScorer.Topics;

/// <summary>A part of one partition: the offsets from From up to, and without, To.</summary>
internal readonly record struct PartitionRange(int Partition, long From, long To);

/// <summary>Which records of a topic a tool reads, fixed when it starts: what comes later does not move the end.</summary>
/// <param name="Ranges">In order of the partitions; empty ones too, so that a report names them.</param>
/// <param name="IsWhole">Every partition from its first record on.</param>
internal sealed record TopicRange(string Topic, IReadOnlyList<PartitionRange> Ranges, bool IsWhole)
{
    /// <summary>The range between two bounds, or up to what a group has committed.</summary>
    /// <param name="group">Not null: the end is the group's position, and <paramref name="to"/> is null.</param>
    /// <exception cref="StartupException">The bounds make no sense for this topic.</exception>
    public static async Task<TopicRange> ResolveAsync(Cluster cluster, string topic, RangeBound? from, RangeBound? to, string? group = null)
    {
        var partitions = Named(cluster.Partitions(topic), topic, from, to);
        if (from?.Time >= to?.Time)
        {
            throw new StartupException($"{from!.Option} {from.Time:O} is not before {to!.Option} {to.Time:O}.");
        }

        // The group first: what it has committed has its outcome, whatever comes after.
        var committed = group is null ? null : await cluster.CommittedAsync(group, topic);
        if (committed is { Count: 0 })
        {
            throw new StartupException($"The group '{group}' has committed no offset of '{topic}'. Name another with --group, or leave the option out.");
        }

        var begins = await cluster.BeginAsync(topic);
        var ends = await cluster.EndAsync(topic);
        var firsts = await OffsetsAsync(cluster, topic, from);
        var lasts = await OffsetsAsync(cluster, topic, to);
        var ranges = partitions.Select(p =>
        {
            var (first, last) = (firsts?.GetValueOrDefault(p) ?? begins[p], lasts?.GetValueOrDefault(p) ?? ends[p]);
            if (first > last && to is not null)
            {
                throw new StartupException($"--from lies after --to: partition {p} of '{topic}' would be read from {first} to {last}.");
            }

            if (from?.Partitions is not null && first > ends[p])
            {
                throw new StartupException($"--from {p}:{first} lies after the end of the partition, {ends[p]}.");
            }

            last = committed is null ? last : committed.GetValueOrDefault(p, begins[p]);
            var begin = Math.Clamp(first, begins[p], ends[p]);
            return new PartitionRange(p, begin, Math.Clamp(last, begin, ends[p]));
        });
        return new TopicRange(topic, [.. ranges], from is null && partitions.Count == cluster.Partitions(topic).Count);
    }

    /// <summary>The whole topic as it is now, from those offsets on if given.</summary>
    public static async Task<TopicRange> WholeAsync(Cluster cluster, string topic, DateTimeOffset? since = null)
    {
        var begins = since is { } time ? await cluster.AtAsync(topic, time) : await cluster.BeginAsync(topic);
        var ends = await cluster.EndAsync(topic);
        return new TopicRange(topic, [.. cluster.Partitions(topic).Select(p => new PartitionRange(p, Math.Min(begins[p], ends[p]), ends[p]))], since is null);
    }

    /// <summary>Offsets of partitions name the partitions that take part.</summary>
    private static List<int> Named(IReadOnlyList<int> all, string topic, RangeBound? from, RangeBound? to)
    {
        foreach (var bound in new[] { from, to })
        {
            if (bound?.Partitions?.Keys.Where(p => !all.Contains(p)).ToList() is { Count: > 0 } strange)
            {
                throw new StartupException($"{bound.Option}: '{topic}' has no partition {strange[0]}; it has {all.Count}, counted from 0.");
            }
        }

        if (from?.Partitions is { } first && to?.Partitions is { } last && !first.Keys.Order().SequenceEqual(last.Keys.Order()))
        {
            throw new StartupException($"{from.Option} and {to.Option} name different partitions: {string.Join(',', first.Keys.Order())} and {string.Join(',', last.Keys.Order())}.");
        }

        var named = from?.Partitions ?? to?.Partitions;
        return [.. all.Where(p => named is null || named.ContainsKey(p))];
    }

    private static async Task<IReadOnlyDictionary<int, long?>?> OffsetsAsync(Cluster cluster, string topic, RangeBound? bound)
        => bound is null ? null
            : bound.Offset is { } offset ? cluster.Partitions(topic).ToDictionary(p => p, _ => (long?)offset)
            : (bound.Time is { } time ? await cluster.AtAsync(topic, time) : bound.Partitions!).ToDictionary(pair => pair.Key, pair => (long?)pair.Value);
}
