using Confluent.Kafka;
using StreamScorer.Settle;

namespace StreamScorer.Tests.Settle;

public sealed class KafkaFaultsTests
{
    [Theory]
    [InlineData(ErrorCode.Local_Fenced, true, "Fenced")]
    [InlineData(ErrorCode.ProducerFenced, true, "Fenced")]
    [InlineData(ErrorCode.FencedInstanceId, true, "Fenced")]
    [InlineData(ErrorCode.InvalidTxnState, true, "Renewable")]
    [InlineData(ErrorCode.OutOfOrderSequenceNumber, true, "Renewable")]
    [InlineData(ErrorCode.TransactionalIdAuthorizationFailed, true, "Fatal")]
    [InlineData(ErrorCode.Local_Transport, false, "Retriable")]
    [InlineData(ErrorCode.RebalanceInProgress, false, "Retriable")]
    [InlineData(ErrorCode.Local_MaxPollExceeded, false, "Retriable")]
    [InlineData(ErrorCode.Local_Transport, true, "Fatal")]
    [InlineData(ErrorCode.Local_State, false, "Fatal")]
    public void Tier_ShouldFollowTheCode_WhenTheClientDoesNotSayWhatToDo(ErrorCode code, bool fatal, string tier)
        => Assert.Equal(tier, new KafkaException(new Error(code, "made up by a test", fatal)).Tier().ToString());

    [Fact]
    public void Tier_ShouldFollowTheClient_WhenItSaysWhatToDo()
    {
        Assert.Equal(FaultTier.Retriable, new KafkaRetriableException(new Error(ErrorCode.Local_State)).Tier());
        Assert.Equal(FaultTier.Abortable, new KafkaTxnRequiresAbortException(new Error(ErrorCode.InvalidProducerEpoch)).Tier());
    }

    [Theory]
    [InlineData(ErrorCode.MsgSizeTooLarge, true)]
    [InlineData(ErrorCode.TopicAuthorizationFailed, true)]
    [InlineData(ErrorCode.Local_UnknownTopic, true)]
    [InlineData(ErrorCode.Local_MsgTimedOut, false)]
    [InlineData(ErrorCode.Local_PurgeQueue, false)]
    public void IsRefusal_ShouldHold_WhenTheSameRecordWouldFailAgain(ErrorCode code, bool refusal) => Assert.Equal(refusal, new Error(code).IsRefusal());
}
