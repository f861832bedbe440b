namespace StreamScorer.Demo;

/// <summary>Whether every record came out exactly once.</summary>
/// <param name="Asked">Posts the replay was told to send; null: until stopped.</param>
/// <param name="Consumed">What the worker says it read.</param>
/// <param name="Filtered">What the worker says it left out: records without a value.</param>
internal sealed record Reckoning(long? Asked, OutcomeCounts Counts, long Consumed, long Filtered)
{
    /// <summary>What is wrong, one line each; empty when the count is even.</summary>
    public IReadOnlyList<string> Faults() => [.. Find()];

    public int ExitCode => Faults().Count == 0 ? 0 : 1;

    private IEnumerable<string> Find()
    {
        var outcomes = Counts.Outcomes + Filtered;
        if (Counts.SendFailures > 0)
        {
            yield return FormattableString.Invariant($"{Counts.SendFailures} of {Counts.Sent} records were not acknowledged by the broker.");
        }

        if (Asked is { } asked && Counts.Sent != asked)
        {
            yield return FormattableString.Invariant($"{asked} posts were asked for and {Counts.Sent} sent.");
        }

        // Stopped early, the worker rightly leaves what it has not read. More than were sent: others may write to the topic too.
        if (Asked is not null && Consumed < Counts.Sent - Counts.SendFailures)
        {
            yield return FormattableString.Invariant($"{Counts.Sent - Counts.SendFailures} records are in the topic and only {Consumed} were consumed.");
        }

        if (outcomes < Consumed)
        {
            yield return FormattableString.Invariant($"{Consumed - outcomes} of {Consumed} consumed records have no outcome.");
        }

        if (outcomes > Consumed)
        {
            yield return FormattableString.Invariant($"{outcomes} records have an outcome and only {Consumed} were consumed.");
        }

        if (Counts.Repeated > 0)
        {
            yield return FormattableString.Invariant($"{Counts.Repeated} records have more than one outcome.");
        }
    }
}
