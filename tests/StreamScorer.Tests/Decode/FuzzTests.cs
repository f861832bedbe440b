using Fuzz;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests.Decode;

/// <summary>A short run of what <c>bench fuzz</c> does for ten million payloads.</summary>
public sealed class FuzzTests
{
    private const int Payloads = 10_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void DecodeAndEncode_ShouldKeepTheirWord_WhateverTheBytes(int seed)
    {
        var bundle = ModelBundle.Open(Repository.DefaultBundle);
        var check = new FuzzCheck(bundle.LoadTokenizer(), bundle.Manifest.MaxTokens);
        var outcomes = new Dictionary<string, int>();
        for (var number = 0; number < Payloads; number++)
        {
            var (value, key) = FuzzPayloads.Make(seed, number);
            var outcome = check.Run(value, key);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        // Payloads that miss an outcome prove little. Those of the model and of crash loops are not Decode's.
        string[] due = [.. Enum.GetValues<RejectReason>().Except([RejectReason.Inference, RejectReason.CrashLoop]).Select(reason => reason.ToString()), FuzzCheck.Accepted];
        Assert.All(due, outcome => Assert.True(outcomes.GetValueOrDefault(outcome) >= 10, $"{outcome}: {outcomes.GetValueOrDefault(outcome)} of {Payloads}"));
    }
}
