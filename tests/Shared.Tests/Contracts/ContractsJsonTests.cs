using System.Text.Json;
using StreamScorer.Shared.Contracts;

namespace Shared.Tests.Contracts;

public sealed class ContractsJsonTests
{
    [Fact]
    public void RejectedPost_ShouldUseSnakeCaseNames()
    {
        var json = JsonSerializer.Serialize(new RejectedPost("7", new Reject(RejectReason.EmptyText, "m")), ContractsJson.Default.RejectedPost);

        Assert.Equal("""{"id":"7","rejected":{"reason":"empty_text","message":"m"}}""", json);
    }
}
