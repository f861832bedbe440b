using System.Text.Json;
using StreamScorer.Shared.Bundle;

namespace StreamScorer.Shared.Judge;

/// <summary>Thresholds, read from a policy file and checked against the heads of a model.</summary>
public sealed class Policy
{
    private readonly PolicyFile _file;

    private Policy(PolicyFile file) => _file = file;

    public string Version => _file.Version;

    public string? Description => _file.Description;

    /// <summary>The file's content.</summary>
    public PolicyFile Content => _file;

    /// <summary>Reads a policy; all its faults are in one message.</summary>
    /// <exception cref="PolicyException">The file is missing, is no policy, or does not fit the heads.</exception>
    public static Policy Load(string file, IReadOnlyList<HeadManifest> heads)
    {
        try
        {
            return Parse(File.ReadAllBytes(file), file, heads);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PolicyException($"The policy {file} is missing: restore it, or write one as docs/schemas/policy.schema.json says.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"The policy {file} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The same of content that was read already.</summary>
    /// <param name="file">Where it is from, for the message.</param>
    /// <exception cref="PolicyException">It is no policy, or does not fit the heads.</exception>
    public static Policy Parse(ReadOnlySpan<byte> json, string file, IReadOnlyList<HeadManifest> heads)
    {
        PolicyFile? content;
        try
        {
            content = JsonSerializer.Deserialize(json, BundleJson.Default.PolicyFile);
        }
        catch (JsonException e)
        {
            throw new PolicyException($"The policy {file} is not valid: {JsonFaults.Describe(e)}.", e);
        }

        var faults = content is null ? ["it is null"] : PolicyRules.Check(content, heads);
        return faults.Count == 0
            ? new Policy(content!)
            : throw new PolicyException($"The policy {file} is not valid: {string.Join("; ", faults)}.");
    }

    /// <summary>What the head's logits are divided by.</summary>
    internal float TemperatureOf(string head) => _file.Temperatures?.TryGetValue(head, out var temperature) == true ? temperature : 1;

    internal PolicyRule? RuleFor(string head, string label) =>
        _file.Heads.TryGetValue(head, out var labels) && labels.TryGetValue(label, out var rule) ? rule : null;
}
