using Microsoft.Extensions.Logging;
using StreamScorer.Operate;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Infer;

/// <summary>
/// The policy that decides now. Looks at the bundle's policy.json from time to time and takes a new one between two micro-batches, so that each of them is decided by one policy; one
/// that is not valid is refused and the present one stays.
/// </summary>
internal sealed partial class PolicyWatch(ModelBundle bundle, Telemetry telemetry, ILogger<PolicyWatch> logger) : IAsyncDisposable
{
    private Serving _now = new(bundle.Policy, new PolicyJudge(bundle.Manifest, bundle.Policy));
    private byte[] _served = Read(bundle.PolicyFile);
    private byte[]? _refused;
    private byte[]? _before;
    private Ticker? _ticker;

    /// <summary>Another policy decides from the next micro-batch on.</summary>
    public event Action? Changed;

    public Policy Policy => Volatile.Read(ref _now).Policy;

    public PolicyJudge Judge => Volatile.Read(ref _now).Judge;

    /// <summary>Looks until it is disposed.</summary>
    /// <param name="interval">Between two looks; zero: never.</param>
    public void Start(TimeSpan interval, TimeProvider time)
        => _ticker = interval > TimeSpan.Zero ? new Ticker(interval, time, Look) : null;

    /// <summary>
    /// One look. By content and not by time or notification, because files come into containers as links that are exchanged; and a change is judged only when two looks
    /// in a row have seen it, because who writes it may not be done.
    /// </summary>
    public void Look()
    {
        var content = Read(bundle.PolicyFile);
        var isSettled = Same(content, _before);
        _before = content;
        if (isSettled && Same(content, _served))
        {
            _refused = null;
        }
        else if (isSettled && !Same(content, _refused))
        {
            Take(content);
        }
    }

    public ValueTask DisposeAsync() => _ticker?.DisposeAsync() ?? default;

    private void Take(byte[] content)
    {
        try
        {
            var policy = content.Length > 0 ? Policy.Parse(content, bundle.PolicyFile, bundle.Manifest.Heads) : Policy.Load(bundle.PolicyFile, bundle.Manifest.Heads);
            if (policy.Version == Policy.Version)
            {
                throw new PolicyException($"The policy {bundle.PolicyFile} has changed and is still called {policy.Version}, so nobody could tell by which of the two a post was decided: give it a new version.");
            }

            Take(policy);
            (_served, _refused) = (content, null);
        }
        catch (PolicyException e)
        {
            _refused = content;
            telemetry.PolicyChanged(taken: false);
            LogRefused(logger, e.Message, Policy.Version);
        }
    }

    private void Take(Policy policy)
    {
        var before = Policy.Version;
        var serving = new Serving(policy, new PolicyJudge(bundle.Manifest, policy));
        telemetry.KnownFlags(serving.Judge);
        telemetry.PolicyInfo(policy.Version);
        telemetry.PolicyChanged(taken: true);
        Volatile.Write(ref _now, serving);
        LogTaken(logger, policy.Version, before);
        Changed?.Invoke();
    }

    private static bool Same(byte[] content, byte[]? other) => other is not null && content.AsSpan().SequenceEqual(other);

    /// <summary>Empty when it is not there or cannot be read: loading it again says why.</summary>
    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The bundle's policy.json has changed, is valid, and decides from the next micro-batch on.</summary>
    /// <remarks>Watch <c>streamscorer_threshold_crossings_total</c>; every record says by which version it was decided.</remarks>
    [LoggerMessage(1601, LogLevel.Information, "Policy {Version} decides now, before it was {Before}.")]
    private static partial void LogTaken(ILogger logger, string version, string before);

    /// <summary>The bundle's policy.json has changed and is not taken; told once for each change.</summary>
    /// <remarks>Correct the file: it is looked at again by itself. A worker that starts with it ends with exit code 2.</remarks>
    [LoggerMessage(1602, LogLevel.Warning, "{Why} Policy {Version} goes on deciding.")]
    private static partial void LogRefused(ILogger logger, string why, string version);

    private sealed record Serving(Policy Policy, PolicyJudge Judge);
}
