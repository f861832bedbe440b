using StreamScorer.Shared.Contracts;

namespace StreamScorer.Shared.Judge;

/// <summary>What a policy makes of one post's logits.</summary>
/// <param name="Heads">By head name, in manifest order.</param>
/// <param name="Flags">Names of the flags raised, each once.</param>
/// <param name="Decision">The highest band that any label reached.</param>
/// <param name="Why">One entry for each label that reached a threshold, in manifest order.</param>
/// <param name="Policy">Version of the policy that decided.</param>
public sealed record Verdict(
    IReadOnlyDictionary<string, HeadScore> Heads,
    IReadOnlyList<string> Flags,
    Decision Decision,
    IReadOnlyList<Why> Why,
    string Policy);
